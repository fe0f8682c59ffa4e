import type { VNode } from 'preact'
import { useEffect } from 'preact/hooks'
import { say } from '../language/say.js'
import type { RoomModel } from '../room/room-model.js'
import { Banner } from './banner.js'

/** What is the matter with the connection and the devices, as long as it is. */
export function RoomBanners({ model }: { model: RoomModel }): VNode | null {
  const isLost = model.connection.value === 'reconnecting'
  const failure = model.local.failure.value
  const resume = model.resumeSound.value
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
  if (!isLost && failure === undefined && resume === undefined && !model.playsByFlv.value) return null
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
      {model.playsByFlv.value ? (
        <Banner>
          <p>{say('playsByFlv')}</p>
        </Banner>
      ) : null}
    </div>
  )
}
