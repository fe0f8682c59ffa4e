import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import type { FallbackReason } from '@crossroom/client'
import { say, type Phrase } from '../language/say.js'
import type { RoomModel } from '../room/room-model.js'
import { Banner } from './banner.js'

const FALLBACKS: Readonly<Record<FallbackReason, Phrase>> = {
  lost: 'fallbackLost',
  blocked: 'fallbackBlocked',
  off: 'fallbackOff',
  unsupported: 'fallbackUnsupported',
}

/** What is the matter with the connection and the devices, as long as it is. */
export function RoomBanners({ model }: { model: RoomModel }): VNode | null {
  const isLost = model.connection.value === 'reconnecting'
  const failure = model.local.failure.value
  const resume = model.resumeSound.value
  const fallback = model.fallback.value
  useEffect(() => {
    if (resume === undefined) return
    // Browsers wait for a sign of life, and anything somebody does on the page is one.
    const play = (): void => void model.playSound()
    const events = ['click', 'keydown'] as const
    for (const event of events) document.addEventListener(event, play, { once: true })
    return () => {
      for (const event of events) document.removeEventListener(event, play)
    }
  }, [model, resume])
  if (!isLost && failure === undefined && resume === undefined && fallback === undefined) return null
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
