import type { ReceivedTrack } from './downlink.js'
import type { Sound } from './sound.js'
import { streamKey } from './subscriptions.js'

interface Voice {
  readonly element: HTMLAudioElement
  readonly track: MediaStreamTrack
}

/** One audio element for every voice over WebRTC. */
export class RemoteAudio {
  readonly #sound: Sound
  readonly #voices = new Map<string, Voice>()

  constructor(sound: Sound) {
    this.#sound = sound
  }

  /** Plays exactly these. */
  play(tracks: readonly ReceivedTrack[]): void {
    const wanted = new Map(tracks.map((received) => [streamKey(received.userId, received.streamType), received]))
    for (const [key, { element, track }] of this.#voices) {
      if (wanted.get(key)?.track === track) continue
      this.#sound.remove(element)
      element.srcObject = null
      this.#voices.delete(key)
    }
    for (const [key, { userId, track }] of wanted) {
      if (this.#voices.has(key)) continue
      const element = new Audio()
      element.srcObject = new MediaStream([track])
      this.#voices.set(key, { element, track })
      this.#sound.add(userId, element)
    }
  }
}
