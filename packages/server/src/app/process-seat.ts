import type { ClusterEngine } from '../cluster/index.js'

/** What a process is told that is one of several of one server. */
export interface ProcessSeat {
  /** From 1, and the same after a restart. */
  readonly index: number
  /** What the processes share; undefined where NATS is named. */
  readonly engine: ClusterEngine | undefined
  /** Known to the processes alone. Between nodes it stands for a secret where the configuration has none. */
  readonly secret: string
  /** Processes that listen, and those there should be. */
  readonly counts: { readonly running: number; readonly wanted: number }
  /** The metrics of all processes as one text, with a label for the process. */
  scrape(): Promise<string>
}
