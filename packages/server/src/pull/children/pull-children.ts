import { pullLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import type { SpawnChild } from '../../jobs/index.js'
import type { Log } from '../../observe/index.js'
import { parsePullAddress, type PullAddress } from '../address.js'
import type { Fetcher, FetchHandlers, FetchOptions, OpenFetcher } from '../fetcher.js'
import type { FetchEnd, FetchOrder } from '../worker/orders.js'
import { PullChild } from './pull-child.js'

export interface PullChildrenOptions {
  readonly clock: Clock
  readonly log: Log
  readonly spawn: SpawnChild
  /** The order for a child; rejects with a sentence when the source may not be fetched. */
  readonly orderOf: (options: FetchOptions) => Promise<FetchOrder>
}

/** Pull children, each with as many fetches as its threads allow. They start with the first fetch. */
export class PullChildren {
  readonly #options: PullChildrenOptions
  readonly #children = new Set<PullChild>()
  #isClosed = false

  constructor(options: PullChildrenOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#children.size
  }

  readonly open: OpenFetcher = (options, handlers) => {
    const fetch = new ChildFetch(handlers)
    void this.#begin(fetch, options, 0)
    return fetch
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true
    for (const child of this.#children) child.close()
  }

  async #begin(fetch: ChildFetch, options: FetchOptions, redirects: number): Promise<void> {
    try {
      const order = await this.#options.orderOf(options)
      if (fetch.isClosed || this.#isClosed) return
      const { handlers } = fetch
      fetch.fetcher = this.#childWithRoom().open(order, {
        frame: (frame) => handlers.frame(frame),
        received: (bytes) => handlers.received(bytes),
        refused: (track) => handlers.refused(track),
        failed: (end) => this.#handleEnd(fetch, options, redirects, end),
      })
    } catch (error) {
      fetch.fail({ message: error instanceof Error ? error.message : String(error) })
    }
  }

  #handleEnd(fetch: ChildFetch, options: FetchOptions, redirects: number, end: FetchEnd): void {
    if (end.redirect === undefined) return fetch.fail(end)
    const address = redirected(options.address, end.redirect)
    if (redirects >= pullLimits.redirects) return fetch.fail({ message: 'The source redirects too often.' })
    if (address?.kind !== options.address.kind)
      return fetch.fail({ message: 'The source redirects to an address of another kind.' })
    void this.#begin(fetch, { ...options, address }, redirects + 1)
  }

  #childWithRoom(): PullChild {
    for (const child of this.#children) if (child.free > 0) return child
    const { clock, log, spawn } = this.#options
    const child: PullChild = new PullChild({
      ...{ clock, spawn },
      ended: (reason) => {
        this.#children.delete(child)
        if (!this.#isClosed) log.debug({ reason }, 'A pull process ended')
      },
    })
    this.#children.add(child)
    return child
  }
}

/** One fetch, from the judging of its source on. */
class ChildFetch implements Fetcher {
  readonly handlers: FetchHandlers
  fetcher: Fetcher | undefined
  isClosed = false

  constructor(handlers: FetchHandlers) {
    this.handlers = handlers
  }

  fail({ message, denied = false }: FetchEnd): void {
    if (this.isClosed) return
    this.isClosed = true
    this.handlers.failed({ message, denied })
  }

  close(): void {
    this.isClosed = true
    this.fetcher?.close()
    this.fetcher = undefined
  }
}

/** Credentials are for the host that they were given for. */
function redirected(from: PullAddress, location: string): PullAddress | undefined {
  if (!URL.canParse(location, from.text)) return undefined
  const url = new URL(location, from.text)
  const { username, password, hostname } = new URL(from.text)
  if (url.username === '' && url.hostname === hostname) Object.assign(url, { username, password })
  return parsePullAddress(url.href)
}
