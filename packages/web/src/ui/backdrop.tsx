import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import './backdrop.css'

/** A backdrop is blurred: few pixels, seldom painted, are enough. */
const PIXELS = 32
const EVERY_MS = 500

/** The area around a video that does not fill its tile: the video itself, blurred. */
export function Backdrop(): VNode {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const paint = (): void => {
      const video = canvas.current?.parentElement?.querySelector('video')
      if (video === null || video === undefined || video.videoWidth === 0) return
      canvas.current?.getContext('2d')?.drawImage(video, 0, 0, PIXELS, PIXELS)
    }
    paint()
    const timer = setInterval(paint, EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  return <canvas ref={canvas} class="backdrop" width={PIXELS} height={PIXELS} aria-hidden="true" />
}
