import type { Pushes, PushInfo } from './pushes.js'

/** What became of a rule; the REST API shows it. */
export interface ForwardStatus {
  readonly id: string
  readonly stream: string
  readonly url: string
  readonly state: 'waiting' | 'connecting' | 'forwarding' | 'retrying'
  readonly since: number
  readonly bytesOut: number
  readonly lastError?: string
}

/** `/forwards`, the older name of pushes by RTMP: they are not kept, and wait for their stream without asking for it. */
export class Forwards {
  readonly #pushes: Pushes

  constructor(pushes: Pushes) {
    this.#pushes = pushes
  }

  list(): ForwardStatus[] {
    return this.#pushes.list().flatMap((info) => (info.source === 'forward' ? [describe(info)] : []))
  }

  get(id: string): ForwardStatus | undefined {
    return this.list().find((status) => status.id === id)
  }

  start(stream: string, { url }: { readonly url: string }): ForwardStatus {
    return describe(this.#pushes.begin({ stream, url, onDemand: true, once: false }, 'forward'))
  }

  /** False when there is none of this id. */
  stop(id: string): boolean {
    return this.get(id) !== undefined && this.#pushes.end(id)
  }
}

function describe({ id, stream = '', url, state, since, bytesOut, error }: PushInfo): ForwardStatus {
  const shown = state === 'pushing' ? 'forwarding' : state === 'ended' ? 'waiting' : state
  return { id, stream, url, state: shown, since, bytesOut, ...(error === undefined ? {} : { lastError: error }) }
}
