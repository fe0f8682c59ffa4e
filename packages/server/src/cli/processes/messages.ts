import type { EngineAsk, EngineTell } from '../../cluster/index.js'

/** The number of a process, from 1, in its environment. */
export const PROCESS_VARIABLE = 'CROSSROOM_PROCESS'

/** How many of the processes listen. */
export interface ProcessCounts {
  readonly running: number
  readonly wanted: number
}

/** What a process must know before it reads its configuration. */
export interface Welcome {
  /** Of the node, without the number of the process. */
  readonly nodeName: string
  readonly secret: string
  /** The parent has the engine. */
  readonly hasEngine: boolean
  readonly counts: ProcessCounts
  readonly umask: number
}

export type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP'

/** From a process to the parent. */
export type FromProcess =
  | { readonly kind: 'hello' | 'alive' }
  | { readonly kind: 'engine'; readonly ask: EngineAsk }
  | { readonly kind: 'listening'; readonly ports: Readonly<Record<string, number>>; readonly node: string | undefined }
  | { readonly kind: 'failed'; readonly sentence: string }
  /** The metrics of all are asked for. */
  | { readonly kind: 'scrape'; readonly id: number }
  | { readonly kind: 'scraped'; readonly id: number; readonly text: string }

/** From the parent to a process. */
export type ToProcess =
  | { readonly kind: 'welcome'; readonly welcome: Welcome }
  | { readonly kind: 'engine'; readonly tell: EngineTell }
  | { readonly kind: 'signal'; readonly signal: Signal }
  | { readonly kind: 'counts'; readonly counts: ProcessCounts }
  /** The metrics of this process are asked for. */
  | { readonly kind: 'scrape'; readonly id: number }
  | { readonly kind: 'scraped'; readonly id: number; readonly text: string }
