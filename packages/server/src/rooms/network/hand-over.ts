import { clusterLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'

/** The members of a node that drains, until they are on other nodes: each keeps its media here so long. */
export class HandOver {
  readonly #isOver: () => boolean
  #resolve: () => void = () => undefined
  /** Resolves when all have moved, or after 10 s. */
  readonly done: Promise<void>

  constructor(clock: Clock, isOver: () => boolean) {
    this.#isOver = isOver
    this.done = new Promise((resolve) => {
      const cancel = clock.after(clusterLimits.handOverMicros, resolve)
      this.#resolve = () => {
        cancel()
        resolve()
      }
    })
    this.check()
  }

  /** A member of this node is gone. */
  check(): void {
    if (this.#isOver()) this.#resolve()
  }
}
