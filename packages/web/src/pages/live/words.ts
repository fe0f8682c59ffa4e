import type { PlayerState } from '@crossroom/client/stream'
import type { Setback } from '@crossroom/client/stream'
import type { DelayPart, FailureReason, Protocol } from '@crossroom/client/stream'
import { say, type Phrase } from '../../i18n/say.js'

/** How the protocols are called in every language. */
export const PROTOCOL_NAMES: Readonly<Record<Protocol, string>> = {
  webrtc: 'WebRTC',
  'ws-flv': 'WebSocket-FLV',
  'http-flv': 'HTTP-FLV',
}

const REASONS: Readonly<Record<FailureReason, Phrase>> = {
  'not-found': 'reasonNotFound',
  refused: 'reasonRefused',
  codec: 'reasonCodec',
  unsupported: 'reasonUnsupported',
  unavailable: 'reasonUnavailable',
  network: 'reasonNetwork',
  timeout: 'reasonTimeout',
  ended: 'reasonEnded',
}

const PARTS: Readonly<Record<DelayPart['kind'], Phrase>> = {
  buffer: 'partBuffer',
  lag: 'partLag',
  network: 'partNetwork',
  decoding: 'partDecoding',
  whole: 'partWhole',
}

/** Two sentences for the state of the player: the state, and details. Empty when there is nothing to say. */
export interface Notice {
  readonly main: string
  readonly more: string
}

/** Says what the player does when it does not simply play. */
export function noticeOf(state: PlayerState, streamName: string): Notice {
  switch (state.kind) {
    case 'idle':
      return { main: say('chooseStream'), more: '' }
    case 'connecting':
      // A page that waits for a publisher tries again and again; its words stay the same meanwhile.
      if (state.again !== undefined) return { main: waitingText(state.again.reason, streamName), more: '' }
      return { main: say('connectingOver', { protocol: PROTOCOL_NAMES[state.protocol] }), more: '' }
    case 'waiting':
      return { main: waitingText(state.failure.reason, streamName), more: '' }
    case 'stopped':
      return stoppedNotice(state.setbacks)
    case 'blocked':
    case 'playing':
      return { main: '', more: '' }
  }
}

/** Why the protocol in use is not the first choice; empty when it is. */
export function insteadOf(protocol: Protocol, setbacks: readonly Setback[]): string {
  if (setbacks.length === 0) return ''
  const reasons = setbacks
    .map((setback) =>
      say('because', { protocol: PROTOCOL_NAMES[setback.protocol], reason: say(REASONS[setback.failure.reason]) }),
    )
    .join(', ')
  const goesOn = setbacks.some((it) => it.protocol === 'webrtc' && it.failure.reason !== 'unsupported')
  const now = say('insteadOf', { protocol: PROTOCOL_NAMES[protocol], reasons })
  return goesOn ? `${now} ${say('tryingWebRtc')}` : now
}

/** `Buffered 210 ms` */
export function partText(part: DelayPart): string {
  return `${say(PARTS[part.kind])} ${String(Math.round(part.ms))} ms`
}

function waitingText(reason: FailureReason, stream: string): string {
  if (reason === 'not-found') return say('waitingNotFound', { stream })
  if (reason === 'ended') return say('waitingEnded')
  return say(reason === 'timeout' ? 'waitingTimeout' : 'reconnecting')
}

function stoppedNotice(setbacks: readonly Setback[]): Notice {
  const last = setbacks.at(-1)
  const detail = last?.failure.detail
  const more = detail === undefined ? '' : say('serverSays', { detail })
  if (last?.failure.reason === 'refused') {
    return { main: say('stoppedRefused'), more: `${say('stoppedRefusedHow')} ${more}`.trim() }
  }
  const codec = setbacks.find(({ failure }) => failure.reason === 'codec')
  if (codec !== undefined) return { main: say('stoppedCodec', { codec: codecIn(codec.failure.detail) }), more: '' }
  if (last?.failure.reason === 'unsupported') return { main: say('stoppedUnsupported'), more: '' }
  return {
    main: say('stoppedUnavailable', { protocol: last === undefined ? '' : PROTOCOL_NAMES[last.protocol] }),
    more,
  }
}

const CODECS: readonly (readonly [RegExp, string])[] = [
  [/hvc1|hev1|hevc|h\.?265/i, 'H.265 / HEVC'],
  [/av01|av1/i, 'AV1'],
  [/vp0?9/i, 'VP9'],
  [/avc1|h\.?264/i, 'H.264'],
  [/opus/i, 'Opus'],
]

/** The codec that a browser's or the server's sentence speaks of, in brackets. */
function codecIn(detail = ''): string {
  const found = CODECS.find(([pattern]) => pattern.test(detail))
  return found === undefined ? '' : ` (${found[1]})`
}
