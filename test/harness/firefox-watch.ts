import type { ScriptedPage } from './browser.js'
import { until } from './until.js'

/*
 * What Firefox shows and plays on a machine without a screen and without a loudspeaker: it does not count the pictures of
 * a MediaStream (getVideoPlaybackQuality), and its AudioContext never starts. Chromium can be asked in the same way.
 */

/** A tone is heard from this amplitude on; 1 is full scale. */
const AUDIBLE = 0.02

interface WatchedWindow extends Window {
  /** Everything that was told to play, also elements that are outside of the document. */
  players?: Set<HTMLMediaElement>
}

/** To run in a page before it is loaded: keeps the elements that play, for {@link untilToneOf} and {@link untilHeardAtAll}. */
export function keepPlayers(): void {
  const players = new Set<HTMLMediaElement>()
  Object.assign(window, { players })
  const play: () => Promise<void> = Reflect.get(HTMLMediaElement.prototype, 'play')
  HTMLMediaElement.prototype.play = function (this: HTMLMediaElement): Promise<void> {
    players.add(this)
    return Reflect.apply(play, this, [])
  }
}

/** Waits until `count` pictures of a video came that are no repetitions of the one before; returns its size. */
export function untilPicturesMove(
  page: ScriptedPage,
  selector = 'video',
  count = 20,
): Promise<{ width: number; height: number }> {
  let moved = 0
  const look = async (): Promise<{ width: number; height: number } | false> => {
    const seen = await page.evaluate(watchPictures, selector)
    moved += seen.moved
    return moved >= count && seen
  }
  return until(`${selector} moves`, look, { timeoutMs: 25_000, explain: () => `${String(moved)} pictures differed` })
}

/** Runs in the page: looks at the pictures of half a second. */
async function watchPictures(selector: string): Promise<{ moved: number; width: number; height: number }> {
  const video = document.querySelector<HTMLVideoElement>(selector)
  if (video === null) return { moved: 0, width: 0, height: 0 }
  const pen = new OffscreenCanvas(16, 16).getContext('2d', { willReadFrequently: true })!
  let moved = 0
  let last: string | undefined
  let watching = true
  const look = (): void => {
    if (!watching) return
    pen.drawImage(video, 0, 0, 16, 16)
    const picture = pen.getImageData(0, 0, 16, 16).data.join()
    if (last !== undefined && picture !== last) moved++
    last = picture
    video.requestVideoFrameCallback(look)
  }
  video.requestVideoFrameCallback(look)
  await new Promise((resolve) => setTimeout(resolve, 500))
  watching = false
  return { moved, width: video.videoWidth, height: video.videoHeight }
}

/** Waits until something that plays unmuted has a tone of `hz` in it. */
export async function untilToneOf(page: ScriptedPage, hz: number): Promise<void> {
  let amplitude = 0
  const look = async (): Promise<boolean> => {
    amplitude = (await page.evaluate(listen, hz)).tone
    return amplitude > AUDIBLE
  }
  const explain = (): string => `Its amplitude is ${amplitude.toFixed(4)}`
  await until(`a tone of ${String(hz)} Hz`, look, { timeoutMs: 20_000, explain })
}

/** Waits until anything that plays unmuted is not silent. */
export async function untilHeardAtAll(page: ScriptedPage): Promise<void> {
  const look = async (): Promise<boolean> => (await page.evaluate(listen, 0)).peak > AUDIBLE
  await until('any sound', look, { timeoutMs: 20_000 })
}

/** Runs in the page: records a second of what plays, and decodes it. */
async function listen(hz: number): Promise<{ tone: number; peak: number }> {
  type Captured = HTMLMediaElement & { captureStream(): MediaStream }
  const { players = document.querySelectorAll('video') } = window as WatchedWindow
  const sounding = [...players].filter(({ paused, muted }) => !paused && !muted)
  const streams = sounding.map((it) => (it.srcObject as MediaStream | null) ?? (it as Captured).captureStream())
  const heard = await Promise.all(
    streams.filter((stream) => stream.getAudioTracks().length > 0).map((stream) => samplesOf(stream)),
  )
  return { tone: Math.max(0, ...heard.map(toneIn)), peak: Math.max(0, ...heard.map(peakOf)) }

  async function samplesOf(stream: MediaStream): Promise<Float32Array> {
    const recorder = new MediaRecorder(new MediaStream(stream.getAudioTracks()))
    const parts: Blob[] = []
    recorder.addEventListener('dataavailable', ({ data }) => parts.push(data))
    const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve, { once: true }))
    recorder.start()
    setTimeout(() => recorder.stop(), 1000)
    await stopped
    const bytes = await new Blob(parts).arrayBuffer()
    const decoded = await new OfflineAudioContext(1, 1, 48_000).decodeAudioData(bytes).catch(() => undefined)
    return decoded?.getChannelData(0) ?? new Float32Array(0)
  }

  /** The median over tenths of a second: microphones that are made up leave out samples now and then. */
  function toneIn(samples: Float32Array): number {
    const length = 4800
    const pieces = Array.from({ length: Math.floor(samples.length / length) }, (_, index) =>
      amplitudeOf(samples.subarray(index * length, (index + 1) * length)),
    )
    return pieces.sort((a, b) => a - b)[pieces.length >> 1] ?? 0
  }

  function amplitudeOf(samples: Float32Array): number {
    const turn = (2 * Math.PI * hz) / 48_000
    let [real, imaginary] = [0, 0]
    samples.forEach((sample, index) => {
      real += sample * Math.cos(turn * index)
      imaginary += sample * Math.sin(turn * index)
    })
    return (2 * Math.hypot(real, imaginary)) / samples.length
  }

  function peakOf(samples: Float32Array): number {
    return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
  }
}
