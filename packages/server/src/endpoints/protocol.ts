import type { StreamProtocol } from '../auth/index.js'
import type { PlayerNeeds } from '../hub/index.js'

/** One protocol, described once. What is outside of its folder iterates over the list in `index.ts`. */
export interface Protocol {
  readonly name: string
  /** How a stream is published by it, in metrics, logs, hooks and REST. */
  readonly publishes: readonly StreamProtocol[]
  /** How a stream is played by it, and what its kinds of players take. */
  readonly plays: readonly { readonly by: StreamProtocol; readonly needs: readonly PlayerNeeds[] }[]
}
