import type { PublishedStreamType } from '@crossroom/protocol'
import { FlvPlayback, type FlvEvents } from './flv-playback.js'
import type { Sound } from './sound.js'
import { streamKey } from './subscriptions.js'

/** One stream to be played by WebSocket-FLV. */
export interface FlvRequest {
  readonly userId: string
  readonly streamType: PublishedStreamType
  readonly url: string
  /** Where its picture is shown; undefined while it is only heard. */
  readonly video: HTMLVideoElement | undefined
}

interface Part {
  readonly request: FlvRequest
  readonly element: HTMLVideoElement
  readonly playback: FlvPlayback
}

/** Plays streams where no WebRTC gets through: picture and sound of a stream together, in one element. */
export class FlvStage {
  readonly #sound: Sound
  readonly #events: FlvEvents
  readonly #parts = new Map<string, Part>()

  constructor(sound: Sound, events: FlvEvents) {
    this.#sound = sound
    this.#events = events
  }

  /** Plays exactly these. */
  play(requests: readonly FlvRequest[]): void {
    const wanted = new Map(requests.map((request) => [streamKey(request.userId, request.streamType), request]))
    for (const [key, part] of this.#parts) {
      const next = wanted.get(key)
      if (next?.url === part.request.url && next.video === part.request.video) continue
      part.playback.close()
      this.#sound.remove(part.element)
      this.#parts.delete(key)
    }
    for (const [key, request] of wanted) {
      if (this.#parts.has(key)) continue
      const element = request.video ?? document.createElement('video')
      const playback = new FlvPlayback(element, request.url, this.#events)
      this.#parts.set(key, { request, element, playback })
      this.#sound.add(request.userId, element)
    }
  }
}
