import type { PublishedStreamType, TrackKind } from '@crossroom/protocol'
import { Camera } from './camera.js'
import type { LocalEvents, LocalTrack } from './local-source.js'
import { Microphone } from './microphone.js'
import { Screen } from './screen.js'

/** Everything that is captured here, in a room or not. */
export class LocalMedia {
  readonly camera: Camera
  readonly microphone: Microphone
  readonly screen: Screen

  constructor(events: LocalEvents) {
    this.camera = new Camera(events)
    this.microphone = new Microphone(events)
    this.screen = new Screen(events)
  }

  /** What others are to get. */
  get sent(): LocalTrack[] {
    return [this.camera.sent, this.microphone.sent, ...this.screen.sent].filter((track) => track !== undefined)
  }

  track(kind: TrackKind, streamType: PublishedStreamType): MediaStreamTrack | undefined {
    if (streamType === 'aux') return kind === 'video' ? this.screen.track : this.screen.audioTrack
    return kind === 'video' ? this.camera.track : this.microphone.track
  }

  /** Lets go of every device. Idempotent. */
  stop(): void {
    this.camera.stop()
    this.microphone.stop()
    this.screen.stop()
  }
}
