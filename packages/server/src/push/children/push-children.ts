import type { Clock } from '../../hub/index.js'
import type { SpawnChild } from '../../jobs/index.js'
import type { Log } from '../../observe/index.js'
import { PushChild } from './push-child.js'

export interface PushChildrenOptions {
  readonly clock: Clock
  readonly log: Log
  readonly spawn: SpawnChild
}

/** Push children, each with as many outputs as its threads allow. They start with the first output. */
export class PushChildren {
  readonly #options: PushChildrenOptions
  readonly #children = new Set<PushChild>()
  #isClosed = false

  constructor(options: PushChildrenOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#children.size
  }

  /** One that takes one more output. */
  withRoom(): PushChild {
    for (const child of this.#children) if (child.free > 0) return child
    const { clock, log, spawn } = this.#options
    const child: PushChild = new PushChild({
      ...{ clock, spawn },
      ended: (reason) => {
        this.#children.delete(child)
        if (!this.#isClosed) log.debug({ reason }, 'A push process ended')
      },
    })
    this.#children.add(child)
    return child
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true
    for (const child of this.#children) child.close()
  }
}
