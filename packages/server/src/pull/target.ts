import type { Grant, Refusal, StreamEndReason } from '../auth/index.js'
import { StreamKey, type Publication } from '../hub/index.js'
import type { FetchFailure } from './fetcher.js'
import type { PullTarget } from './pull.js'

/** One publisher, as endpoints make them; see `PublishAttempt`. */
export interface PullPublish {
  readonly publication: Publication | undefined
  take(grant: Grant): Refusal | undefined
  close(reason: StreamEndReason): void
}

/** What a pull is to the lists of publishers. */
export interface PullPublisher {
  readonly protocol: string
  readonly connectionId: string
  readonly remoteAddress: string
  bytes(): number
  ended(reason: StreamEndReason, sentence: string): void
}

export interface TargetServices {
  newPublish(publisher: PullPublisher): PullPublish
  /** Permission for a device to publish into a room; rejects with a sentence. */
  enterRoom(roomId: string, userId: string, remoteAddress: string): Promise<Grant>
}

/** Where the frames of a pull go. */
export type PullPlace =
  | { readonly stream: string; readonly room?: undefined }
  | { readonly room: string; readonly userId: string; readonly stream?: undefined }

/** Publishes one attempt of a pull into a plain stream or as a device of a room. The same pull takes over from itself. */
export class PublishTarget implements PullTarget {
  readonly #services: TargetServices
  readonly #place: PullPlace
  readonly #subject: string
  readonly #remoteAddress: string
  readonly #publish: PullPublish
  #grant: Grant | undefined
  #isTaken = false

  constructor(
    services: TargetServices,
    { place, id, connectionId, host }: { place: PullPlace; id: string; connectionId: string; host: string },
    bytes: () => number,
    ended: (failure: FetchFailure) => void,
  ) {
    this.#services = services
    this.#place = place
    this.#subject = `pull:${id}`
    this.#remoteAddress = host
    this.#publish = services.newPublish({
      ...{ protocol: 'pull', connectionId, remoteAddress: host, bytes },
      ended: (reason, message) => ended({ message, denied: reason !== 'timeout' }),
    })
  }

  get publication(): Publication | undefined {
    return this.#publish.publication
  }

  async ask(): Promise<string | undefined> {
    const { room, stream } = this.#place
    if (room === undefined) {
      this.#grant = plainGrant(stream, this.#subject)
      return undefined
    }
    try {
      this.#grant = await this.#services.enterRoom(room, this.#place.userId, this.#remoteAddress)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }

  take(): string | undefined {
    this.#isTaken = true
    return this.#grant === undefined ? 'There is no permission.' : this.#publish.take(this.#grant)?.sentence
  }

  close(): void {
    if (!this.#isTaken) this.#grant?.closed('client')
    this.#publish.close('client')
  }
}

/** An operator's pull needs nobody's permission. */
function plainGrant(stream: string, subject: string): Grant {
  const nothing = (): void => undefined
  return { ok: true, key: StreamKey.plain(stream), subject, opened: nothing, closed: nothing, onRevoked: nothing }
}
