import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import './backdrop.css'

/** A backdrop is blurred: few pixels, seldom painted, are enough. */
const PIXELS = 32
const EVERY_MS = 500

/** What is beside a picture that does not fill its tile: the picture itself, blurred. */
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
