import { signal } from '@preact/signals'
import { play, type PlayerState, type StreamPlayer } from '@crossroom/client/stream'
import { measure, type Look, type Measured } from '../measured.js'
import type { WallStream } from './room-streams.js'

/** One stream on the wall: it plays while it is on the screen, and is measured once a second. */
export class WallItem {
  readonly state = signal<PlayerState>({ kind: 'idle' })
  readonly measured = signal<Measured | undefined>(undefined)
  readonly #video: HTMLVideoElement
  #player: StreamPlayer | undefined
  #before: Look | undefined

  constructor(video: HTMLVideoElement) {
    this.#video = video
  }

  open({ path }: WallStream): void {
    this.close()
    this.#player = play({ stream: path, view: this.#video, server: location.origin })
    this.#player.on('state-changed', (state) => this.#show(state))
  }

  close(): void {
    this.#player?.stop()
    this.#player = undefined
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
