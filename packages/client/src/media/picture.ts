import { CrossroomError } from '../errors.js'
import type { View } from '../options.js'
import { holdStill } from './still.js'

/** Clockwise, in degrees. */
export type Rotation = 0 | 90 | 180 | 270

/** How a picture sits in its view. */
export interface PictureOptions {
  readonly fit?: 'contain' | 'cover' | 'fill' | undefined
  readonly mirror?: boolean | undefined
}

/** What a picture tells. Sizes are those of the picture, not of the view. */
export interface PictureEvents {
  firstFrame(width: number, height: number): void
  sizeChanged(width: number, height: number): void
  /** The view has another width; see {@link Picture.wantedWidth}. */
  viewChanged?(): void
  /** The browser plays nothing with sound before the person has touched the page. */
  blocked?(): void
}

/** Finds the element a page speaks of. Throws `VIEW_NOT_FOUND`. */
export function elementOf(view: View): HTMLElement {
  const element = typeof view === 'string' ? document.getElementById(view) : view
  if (!(element instanceof HTMLElement)) throw new CrossroomError('VIEW_NOT_FOUND')
  return element
}

/** One picture in a page: a video element of the page's, or one put into an element of the page's. Silent. */
export class Picture {
  readonly video: HTMLVideoElement
  readonly #view: HTMLElement
  readonly #events: PictureEvents
  readonly #isOurs: boolean
  readonly #resizes: ResizeObserver
  #hasShown = false
  #isMirrored = false
  #rotation: Rotation = 0
  #track: MediaStreamTrack | undefined
  #release: () => void = () => undefined
  #closed = false

  /** Throws `VIEW_NOT_FOUND`. */
  constructor(view: View, options: PictureOptions, events: PictureEvents) {
    this.#view = elementOf(view)
    this.#events = events
    this.#isOurs = !(this.#view instanceof HTMLVideoElement)
    this.video = this.#view instanceof HTMLVideoElement ? this.#view : document.createElement('video')
    // Attributes as well as properties: Safari on phones reads the attributes.
    for (const attribute of ['playsinline', 'webkit-playsinline', 'autoplay']) this.video.setAttribute(attribute, '')
    this.video.muted = true
    this.video.addEventListener('resize', this.#handleSize)
    if (this.#isOurs) {
      Object.assign(this.video.style, { width: '100%', height: '100%', display: 'block' })
      this.#view.append(this.video)
    }
    this.arrange(options)
    this.#resizes = new ResizeObserver(() => {
      this.#transform()
      this.#events.viewChanged?.()
    })
    this.#resizes.observe(this.#view)
  }

  /** Width of the view in pixels of the screen; a view without layout counts as a small tile. */
  get wantedWidth(): number {
    return Math.ceil((this.#view.clientWidth || 320) * globalThis.devicePixelRatio)
  }

  isIn(view: View): boolean {
    return elementOf(view) === this.#view
  }

  arrange({ fit, mirror }: PictureOptions): void {
    if (fit !== undefined) this.video.style.objectFit = fit
    else if (this.#isOurs && this.video.style.objectFit === '') this.video.style.objectFit = 'contain'
    if (mirror !== undefined) this.#isMirrored = mirror
    this.#transform()
  }

  /** Rotates video whose rotation is signaled separately, as in FLV; WebRTC rotates by itself. */
  turn(rotation: Rotation): void {
    if (rotation === this.#rotation) return
    this.#rotation = rotation
    this.#transform()
  }

  /** Shows a track from now on, the last picture until it has one; undefined shows nothing. */
  show(track: MediaStreamTrack | undefined): void {
    if (this.#closed || track === this.#track) return
    if (track !== undefined && this.#track !== undefined) this.hold()
    this.#track = track
    this.#hasShown = false
    this.video.srcObject = track === undefined ? null : new MediaStream([track])
    if (track === undefined) return
    this.expectFrame()
    this.play()
  }

  /** Keeps the last picture until the next source has one. A page's own element is left unchanged. */
  hold(): void {
    if (this.#closed || !this.#isOurs) return
    this.#release()
    this.#release = holdStill(this.video)
  }

  /** Starts playing what the element has. */
  play(): void {
    this.video.play().catch((error: unknown) => {
      // AbortError: something else is shown by now.
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.#events.blocked?.()
    })
  }

  /** Tells of the next picture as the first one. */
  expectFrame(): void {
    const told = (): void => {
      if (this.#closed) return
      this.#release()
      if (this.#hasShown) return
      this.#hasShown = true
      this.#transform()
      this.#events.firstFrame(...this.#size)
    }
    // Firefox before 132 has no requestVideoFrameCallback.
    if ('requestVideoFrameCallback' in this.video) this.video.requestVideoFrameCallback(told)
    else (this.video as HTMLVideoElement).addEventListener('playing', told, { once: true })
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#release()
    this.#resizes.disconnect()
    this.video.removeEventListener('resize', this.#handleSize)
    this.video.srcObject = null
    if (this.#isOurs) this.video.remove()
    else this.video.style.transform = ''
  }

  readonly #handleSize = (): void => {
    this.#transform()
    if (this.video.videoWidth > 0 && this.#hasShown) this.#events.sizeChanged(...this.#size)
  }

  /** As it is seen. */
  get #size(): [width: number, height: number] {
    const { videoWidth, videoHeight } = this.video
    return this.#isUpright ? [videoWidth, videoHeight] : [videoHeight, videoWidth]
  }

  get #isUpright(): boolean {
    return this.#rotation % 180 === 0
  }

  #transform(): void {
    const parts: string[] = []
    if (this.#isMirrored) parts.push('scaleX(-1)')
    if (this.#rotation !== 0) parts.push(`rotate(${String(this.#rotation)}deg)`)
    if (!this.#isUpright) parts.push(`scale(${String(this.#turnedScale())})`)
    this.video.style.transform = parts.join(' ')
  }

  /** A picture that is turned on its side fits its box by another factor than the browser has fitted it. */
  #turnedScale(): number {
    const { clientWidth, clientHeight, videoWidth, videoHeight } = this.video
    if (clientWidth === 0 || clientHeight === 0 || videoWidth === 0 || videoHeight === 0) return 1
    const upright = Math.min(clientWidth / videoWidth, clientHeight / videoHeight)
    return Math.min(clientWidth / videoHeight, clientHeight / videoWidth) / upright
  }
}
