import type { MediaFrame } from '@crossroom/media'
import type { Publication, PublicationEnd, Stream, StreamHub, StreamKey } from '../hub/index.js'

export interface MadeStreamOptions {
  readonly key: StreamKey
  readonly hub: StreamHub
  /** Called once, when the hub has ended it. */
  readonly onEnded: () => void
  readonly requestKeyframe?: () => void
}

/** A stream of the hub that the server makes itself, with times of its own clock. */
export class MadeStream {
  readonly #options: MadeStreamOptions
  readonly #stream: Stream
  #publication: Publication | undefined
  #isClosed = false

  constructor(options: MadeStreamOptions) {
    this.#options = options
    this.#stream = options.hub.open(options.key)
    this.#publish()
  }

  push(frame: MediaFrame): void {
    if (this.#isClosed) return
    if (this.#publication === undefined) this.#publish()
    this.#publication?.push(frame)
  }

  /** Idempotent; ends the stream for its players. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#publication?.end()
    this.#stream.end('ended')
  }

  #publish(): void {
    const { key, requestKeyframe } = this.#options
    this.#publication = this.#stream.publish({
      id: key.label,
      protocol: 'transcode',
      remoteAddress: '',
      hasServerTime: true,
      onClose: (reason) => this.#handleClosed(reason),
      ...(requestKeyframe === undefined ? {} : { requestKeyframe }),
    })
  }

  #handleClosed(reason: PublicationEnd): void {
    this.#publication = undefined
    // Silent: the codecs were away for longer than the hub waits; the next frame publishes again.
    if (reason === 'silent' || this.#isClosed) return
    this.close()
    this.#options.onEnded()
  }
}
