import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { say } from '../i18n/say.js'
import { meterOf } from '../pages/room/sound.js'
import './sound-meter.css'

const EVERY_MS = 80

/** How loud a microphone is, so that a person sees that it hears. */
export function SoundMeter({ track }: { track: MediaStreamTrack | undefined }): VNode {
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (track === undefined) return
    const meter = meterOf(track)
    const timer = setInterval(() => {
      const level = meter.read()
      bar.current?.style.setProperty('scale', `${level.toFixed(2)} 1`)
      bar.current?.parentElement?.setAttribute('aria-valuenow', String(Math.round(level * 100)))
    }, EVERY_MS)
    return () => {
      clearInterval(timer)
      meter.close()
    }
  }, [track])
  return (
    <div
      class="sound-meter"
      role="meter"
      aria-label={say('level')}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
    >
      <div ref={bar} />
    </div>
  )
}
