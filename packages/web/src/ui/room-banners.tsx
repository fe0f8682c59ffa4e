import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import type { FallbackReason } from '@crossroom/client'
import { say, type Phrase } from '../i18n/say.js'
import type { RoomModel } from '../pages/room/room-model.js'
import { Banner } from './banner.js'

const FALLBACKS: Readonly<Record<FallbackReason, Phrase>> = {
  lost: 'fallbackLost',
  blocked: 'fallbackBlocked',
  off: 'fallbackOff',
  unsupported: 'fallbackUnsupported',
}

/** Problems of the connection and the devices, while they last. */
export function RoomBanners({ model }: { model: RoomModel }): VNode | null {
  const isLost = model.connection.value === 'reconnecting'
  const failure = model.local.failure.value
  const resume = model.resumeSound.value
  const fallback = model.fallback.value
  useEffect(() => {
    if (resume === undefined) return
    // Browsers wait for a user gesture, and any action on the page is one.
    const play = (): void => void model.playSound()
    const events = ['click', 'keydown'] as const
    for (const event of events) document.addEventListener(event, play, { once: true })
    return () => {
      for (const event of events) document.removeEventListener(event, play)
    }
  }, [model, resume])
  const self = model.self.value?.userId ?? ''
  const silenced = (['audio', 'video'] as const).filter((kind) => model.withheld.value.has(`${self} ${kind}`))
  const isQuiet = failure === undefined && resume === undefined && fallback === undefined && silenced.length === 0
  if (!isLost && isQuiet && !model.mic.isOffered.value) return null
  return (
    <div class="banners">
      {isLost ? (
        <Banner spins>
          <p>{say('reconnecting')}</p>
        </Banner>
      ) : null}
      {resume === undefined ? null : (
        <Banner tone="calm" icon="soundOff">
          <p>{say('soundBlocked')}</p>
          <button type="button" class="small primary" onClick={() => void model.playSound()}>
            {say('playSound')}
          </button>
        </Banner>
      )}
      {silenced.map((kind) => (
        <Banner key={kind} tone="calm" icon={kind === 'audio' ? 'microphoneOff' : 'cameraOff'}>
          <p>{say(kind === 'audio' ? 'ownerMutedYou' : 'ownerHidYou')}</p>
          <button type="button" class="small" onClick={() => void model.mic.plead(kind)}>
            {say(kind === 'audio' ? 'pleadAudio' : 'pleadVideo')}
          </button>
        </Banner>
      ))}
      {model.mic.isOffered.value ? (
        <Banner tone="calm" icon="hand">
          <p>{say('micOffered')}</p>
          <button type="button" class="small primary" onClick={() => void model.mic.ask()}>
            {say('micTake')}
          </button>
          <button type="button" class="small" onClick={() => (model.mic.isOffered.value = false)}>
            {say('decline')}
          </button>
        </Banner>
      ) : null}
      {failure === undefined ? null : (
        <Banner tone="bad">
          <p>{failure}</p>
          <button type="button" class="small" onClick={() => (model.local.failure.value = undefined)}>
            {say('dismiss')}
          </button>
        </Banner>
      )}
      {fallback === undefined || isLost ? null : (
        <Banner spins={fallback === 'lost'}>
          <p>{say(FALLBACKS[fallback])}</p>
        </Banner>
      )}
    </div>
  )
}
