import { signal } from '@preact/signals'
import { openers } from '../player/openers.js'
import { Player, type PlayerState } from '../player/player.js'
import { measure, type Look, type Measured } from './measured.js'
import type { WallStream } from './room-streams.js'

/** One stream on the wall: it plays while it is on the screen, and is measured once a second. */
export class WallItem {
  readonly state = signal<PlayerState>({ kind: 'idle' })
  readonly measured = signal<Measured | undefined>(undefined)
  readonly #video: HTMLVideoElement
  readonly #player: Player
  #before: Look | undefined

  constructor(video: HTMLVideoElement) {
    this.#video = video
    this.#player = new Player(video, openers, (state) => {
      this.state.value = state
      if (state.kind === 'playing') return
      this.#before = undefined
      this.measured.value = undefined
    })
  }

  open({ path }: WallStream): void {
    this.#player.open({ origin: location.origin, name: path }, 'auto')
  }

  close(): void {
    this.#player.close()
  }

  async look(): Promise<void> {
    if (this.state.value.kind !== 'playing') return
    const sample = await this.#player.sample()
    if (sample === undefined) return
    const { videoWidth: width, videoHeight: height } = this.#video
    const { droppedVideoFrames: droppedPictures } = this.#video.getVideoPlaybackQuality()
    const now: Look = { atMs: performance.now(), sample, droppedPictures, width, height }
    this.measured.value = measure(this.#before, now)
    this.#before = now
  }
}
