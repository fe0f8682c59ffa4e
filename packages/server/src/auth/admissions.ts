import type { StreamProtocol } from '../config/protocols.js'
import type { Metrics } from '../observe/metrics.js'
import type { Admission, Grant, StreamAction, StreamEndReason, StreamGate, StreamRequest } from './gate.js'

/** A publish or play that is going on. */
export interface AdmittedConnection {
  readonly id: string
  readonly action: StreamAction
  readonly protocol: StreamProtocol
  /** The hub's key of the stream. */
  readonly key: string
  readonly remoteAddress: string
  readonly subject: string | undefined
  /** Wall clock in milliseconds. */
  readonly since: number
}

interface Entry {
  readonly connection: AdmittedConnection
  end: ((reason: StreamEndReason) => void) | undefined
  revoked: StreamEndReason | undefined
}

/**
 * The gate endpoints see: it asks the gate behind it, counts refusals, and remembers who was admitted, so that the REST
 * API can list connections and end them. A connection that publishes and plays has an entry for each.
 */
export class Admissions implements StreamGate {
  readonly #gate: StreamGate
  readonly #metrics: Metrics
  readonly #nowMs: () => number
  readonly #entries = new Set<Entry>()

  /** `nowMs` is the wall clock in milliseconds. */
  constructor(gate: StreamGate, metrics: Metrics, nowMs: () => number) {
    this.#gate = gate
    this.#metrics = metrics
    this.#nowMs = nowMs
  }

  async admit(request: StreamRequest): Promise<Admission> {
    const admission = await this.#gate.admit(request)
    if (admission.ok) return this.#remember(request, admission)
    this.#metrics.refused(request.protocol, admission.code)
    return admission
  }

  /** Those who publish or play now, in the order they came. */
  list(): AdmittedConnection[] {
    return [...this.#entries].map((entry) => entry.connection)
  }

  /** Ends every publish and play of a connection; answers whether there was one. */
  end(connectionId: string, reason: StreamEndReason = 'kicked'): boolean {
    return this.#endWhere((connection) => connection.id === connectionId, reason) > 0
  }

  /** Ends the publishers of a stream, or everybody on it; answers how many. */
  endStream(key: string, whom: 'publishers' | 'everybody', reason: StreamEndReason = 'kicked'): number {
    return this.#endWhere(
      (connection) => connection.key === key && (whom === 'everybody' || connection.action === 'publish'),
      reason,
    )
  }

  #endWhere(matches: (connection: AdmittedConnection) => boolean, reason: StreamEndReason): number {
    const ended = [...this.#entries].filter((entry) => matches(entry.connection))
    for (const entry of ended) {
      if (entry.revoked !== undefined) continue
      entry.revoked = reason
      entry.end?.(reason)
    }
    return ended.length
  }

  #remember(request: StreamRequest, grant: Grant): Grant {
    const entry: Entry = {
      connection: {
        id: request.connectionId,
        action: request.action,
        protocol: request.protocol,
        key: grant.key,
        remoteAddress: request.remoteAddress,
        subject: grant.subject,
        since: this.#nowMs(),
      },
      end: undefined,
      revoked: undefined,
    }
    let over = false
    return {
      ok: true,
      key: grant.key,
      subject: grant.subject,
      opened: () => {
        if (over) return
        this.#entries.add(entry)
        grant.opened()
      },
      closed: (reason) => {
        if (over) return
        over = true
        this.#entries.delete(entry)
        entry.end = undefined
        grant.closed(reason)
      },
      onRevoked: (end) => {
        let ended = false
        entry.end = (reason) => {
          if (ended || over) return
          ended = true
          end(reason)
        }
        grant.onRevoked(entry.end)
        if (entry.revoked !== undefined) entry.end(entry.revoked)
      },
    }
  }
}
