import type { Page } from 'playwright-core'

/**
 * Milliseconds by which the sound comes after the picture (negative: before), the median of `beeps` beeps. The clock
 * push turns its picture white and beeps at each full second (see push-clock.ts).
 */
export async function measureLipSync(page: Page, beeps = 4, timeoutMs = 15_000): Promise<number> {
  const offsets = await page.evaluate(watchAndListen, { beeps, timeoutMs })
  if (offsets.length < beeps) throw new Error(`Only ${String(offsets.length)} of ${String(beeps)} beeps in time`)
  return offsets.sort((a, b) => a - b)[offsets.length >> 1]!
}

/** Runs in the page: pairs each beginning of white with the nearest beginning of a beep. */
async function watchAndListen(options: { beeps: number; timeoutMs: number }): Promise<number[]> {
  const video = document.querySelector('video')! as HTMLVideoElement & { captureStream(): MediaStream }
  const stream = video.srcObject instanceof MediaStream ? video.srcObject : video.captureStream()
  const context = new AudioContext()
  await context.resume()
  const analyser = context.createAnalyser()
  analyser.fftSize = 256
  context.createMediaStreamSource(stream).connect(analyser)
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 8
  const pixels = canvas.getContext('2d', { willReadFrequently: true })!
  const whiteAt: number[] = []
  const beepAt: number[] = []
  const samples = new Float32Array(analyser.fftSize)
  let white = true
  let loudUntil = Infinity

  const look = (): void => {
    video.requestVideoFrameCallback((_now, { expectedDisplayTime }) => {
      pixels.drawImage(video, 0, video.videoHeight * 0.4, video.videoWidth, video.videoHeight * 0.2, 0, 0, 8, 8)
      const row = pixels.getImageData(0, 4, 8, 1).data
      const bright = [0, 1, 2, 3, 4, 5, 6, 7].filter((index) => row[index * 4 + 1]! > 170).length
      const isWhite = bright >= 5
      if (isWhite && !white) whiteAt.push(expectedDisplayTime)
      white = isWhite
      look()
    })
  }
  const listen = (): void => {
    analyser.getFloatTimeDomainData(samples)
    const now = performance.now()
    // 440 Hz alone reaches 0.15; with the beep it is more than twice that. The tone must end before another beep counts.
    if (samples.some((sample) => Math.abs(sample) > 0.35)) {
      if (now > loudUntil) beepAt.push(now - (samples.length * 500) / context.sampleRate)
      loudUntil = now + 300
    } else if (loudUntil === Infinity) loudUntil = now + 300
  }
  look()
  const listening = setInterval(listen, 4)
  const pairs = (): number[] =>
    whiteAt.flatMap((at) => {
      const nearest = beepAt.reduce((best, beep) => (Math.abs(beep - at) < Math.abs(best - at) ? beep : best), Infinity)
      return Math.abs(nearest - at) < 450 ? [nearest - at] : []
    })
  const deadline = performance.now() + options.timeoutMs
  while (pairs().length < options.beeps && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  clearInterval(listening)
  await context.close()
  return pairs()
}
