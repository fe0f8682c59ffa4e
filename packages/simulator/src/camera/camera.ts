import type { MediaFrame } from '@crossroom/media'

/** What a `<live-pusher>` says about its picture and sound. */
export interface CameraSettings {
  /** Pixels. */
  readonly width: number
  readonly height: number
  readonly frameRate: number
  /** Bits per second. */
  readonly bitrate: number
  readonly sampleRate: number
  readonly isCameraOn: boolean
  readonly isMicrophoneOn: boolean
}

/** Camera, microphone and encoder of a phone. */
export interface Camera {
  /** Begins; `handle` takes every coded frame with `dts` from 0, in the order of time. */
  start(handle: (frame: MediaFrame) => void): void
  /** The settings changed. */
  configure(settings: CameraSettings): void
  /** The next picture is a keyframe, where the source can do that. */
  askKeyframe(): void
  /** Idempotent. */
  stop(): void
}
