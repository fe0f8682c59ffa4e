import type { PublishFailure } from '@crossroom/client/stream'
import type { PublishState } from '@crossroom/client/stream'
import { say, type Phrase } from '../../i18n/say.js'
import type { Notice } from './words.js'

const REFUSALS: Readonly<Record<PublishFailure['reason'], readonly [Phrase, Phrase?]>> = {
  insecure: ['captureInsecure', 'captureInsecureMore'],
  denied: ['captureDenied', 'captureDeniedMore'],
  'no-device': ['captureNone', 'captureNoneMore'],
  'in-use': ['captureInUse', 'captureInUseMore'],
  'no-screen': ['captureNoScreen', 'captureNoScreenMore'],
  'sharing-ended': ['sharingEnded'],
  left: ['chooseSource'],
  refused: ['liveRefused', 'stoppedRefusedHow'],
  busy: ['liveBusy', 'liveBusyMore'],
  unavailable: ['liveUnavailable'],
  unsupported: ['liveUnsupported'],
  rejected: ['liveRejected'],
  network: ['noWayYet', 'noWayMore'],
  timeout: ['noWayYet', 'noWayMore'],
  ended: ['liveEnded', 'liveEndedMore'],
}

/** Reasons whose detail is the server's sentence. */
const SAID_BY_SERVER: readonly PublishFailure['reason'][] = ['refused', 'unavailable', 'rejected']

/** Says why nothing is captured or sent. */
export function refusalNotice({ reason, detail }: PublishFailure, stream: string): Notice {
  const [main, how] = REFUSALS[reason]
  const said = detail !== undefined && SAID_BY_SERVER.includes(reason) ? say('serverSays', { detail }) : ''
  return { main: say(main, { stream }), more: `${how === undefined ? '' : say(how)} ${said}`.trim() }
}

/** Says what the publisher does when it does not simply send. `wasLive`: viewers have seen the stream before. */
export function publishNotice(state: PublishState, stream: string, wasLive: boolean): Notice {
  switch (state.kind) {
    case 'idle':
    case 'live':
      return { main: '', more: '' }
    case 'connecting':
      if (state.again === undefined) return { main: say('connecting'), more: '' }
      return waitingNotice(state.again, stream, wasLive)
    case 'waiting':
      return waitingNotice(state.failure, stream, wasLive)
    case 'stopped':
      return refusalNotice(state.failure, stream)
  }
}

function waitingNotice(failure: PublishFailure, stream: string, wasLive: boolean): Notice {
  if (failure.reason === 'busy') return { main: say('nameHeld', { stream }), more: '' }
  return wasLive ? { main: say('comingBack', { stream }), more: '' } : refusalNotice(failure, stream)
}
