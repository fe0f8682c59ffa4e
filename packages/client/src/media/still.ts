/** A source that brings nothing for so long is seen to bring nothing. */
const LONGEST_HOLD_MS = 8_000

/**
 * Covers a video with the picture it shows, until another one is there: a change of its source is no black flash. Returns
 * what takes the cover away sooner.
 */
export function holdStill(video: HTMLVideoElement): () => void {
  if (!(video.videoWidth > 0)) return () => undefined
  const still = document.createElement('canvas')
  still.width = video.videoWidth
  still.height = video.videoHeight
  still.getContext('2d')?.drawImage(video, 0, 0)
  still.setAttribute('aria-hidden', 'true')
  const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = video
  const { objectFit, transform } = getComputedStyle(video)
  const [left, top, width, height] = [offsetLeft, offsetTop, offsetWidth, offsetHeight].map((it) => `${String(it)}px`)
  Object.assign(still.style, { position: 'absolute', left, top, width, height, objectFit, transform })
  video.after(still)
  const timer = setTimeout(() => still.remove(), LONGEST_HOLD_MS)
  return () => {
    clearTimeout(timer)
    still.remove()
  }
}
