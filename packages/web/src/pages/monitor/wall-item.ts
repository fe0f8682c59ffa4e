import { signal } from '@preact/signals'
import { play, type PlayerState, type StreamPlayer } from '@crossroom/client/stream'
import { measure, type Look, type Measured } from '../measured.js'
import type { WallStream } from './room-streams.js'

/** How often a stream that is not on the screen shows a new picture. */
const PICTURE_MS = 10_000

/** Fetches the current picture of a stream. */
export type FetchPicture = (stream: WallStream) => Promise<Blob | undefined>

/** One stream on the wall: on the screen it plays and is measured once a second, elsewhere it shows a picture now and then. */
export class WallItem {
  readonly state = signal<PlayerState>({ kind: 'idle' })
  readonly measured = signal<Measured | undefined>(undefined)
  readonly #video: HTMLVideoElement
  readonly #fetchPicture: FetchPicture
  #timer: ReturnType<typeof setInterval> | undefined
  #player: StreamPlayer | undefined
  #before: Look | undefined

  constructor(video: HTMLVideoElement, fetchPicture: FetchPicture) {
    this.#video = video
    this.#fetchPicture = fetchPicture
  }

  open({ path }: WallStream): void {
    this.close()
    this.#player = play({ stream: path, view: this.#video, server: location.origin })
    this.#player.on('state-changed', (state) => this.#show(state))
  }

  /** Stops playing, and shows a picture instead. */
  rest(stream: WallStream): void {
    this.close()
    void this.#showPicture(stream)
    this.#timer = setInterval(() => void this.#showPicture(stream), PICTURE_MS)
  }

  close(): void {
    this.#player?.stop()
    this.#player = undefined
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Nothing is shown any more. */
  end(): void {
    this.close()
    this.#show({ kind: 'idle' })
    URL.revokeObjectURL(this.#video.poster)
  }

  async #showPicture(stream: WallStream): Promise<void> {
    if (document.hidden) return
    const picture = await this.#fetchPicture(stream)
    if (picture === undefined || this.#player !== undefined) return
    URL.revokeObjectURL(this.#video.poster)
    this.#video.poster = URL.createObjectURL(picture)
  }

  async look(): Promise<void> {
    if (this.state.value.kind !== 'playing') return
    const sample = await this.#player?.getStatistics()
    if (sample === undefined) return
    const { videoWidth: width, videoHeight: height } = this.#video
    const { droppedVideoFrames: droppedPictures } = this.#video.getVideoPlaybackQuality()
    const now: Look = { atMs: performance.now(), sample, droppedPictures, width, height }
    this.measured.value = measure(this.#before, now)
    this.#before = now
  }

  #show(state: PlayerState): void {
    this.state.value = state
    if (state.kind === 'playing') return
    this.#before = undefined
    this.measured.value = undefined
  }
}
