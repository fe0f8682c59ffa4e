import { randomUUID } from 'node:crypto'
import { forwardLimits } from '../../../config/index.js'
import { StreamKey, type Clock, type SourceFor, type Stream, type StreamHub } from '../../../hub/index.js'
import type { Log } from '../../../observe/index.js'
import { FLV_NEEDS } from '../../flv-needs.js'
import { RtmpForward, type ForwardTargetAddress, type Connect } from './rtmp-forward.js'
import { shownTarget, withoutKeys } from './shown-target.js'

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

interface Rule {
  readonly id: string
  readonly streamKey: StreamKey
  readonly target: ForwardTargetAddress
  readonly sinceMs: number
  connection: RtmpForward | undefined
  retryAfterMs: number
  cancelWait: (() => void) | undefined
  bytesOut: number
  lastError: string | undefined
}

/** Forward rules: whenever the stream of a rule is live, it is published at the rule's target. */
export class RtmpForwards {
  readonly #hub: StreamHub
  readonly #clock: Clock
  readonly #log: Log
  readonly #connectTo: Connect
  readonly #sourceFor: SourceFor
  readonly #rules = new Map<string, Rule>()
  readonly #stopObserving: () => void

  constructor(hub: StreamHub, clock: Clock, log: Log, connect: Connect, sourceFor: SourceFor) {
    this.#connectTo = connect
    this.#hub = hub
    this.#clock = clock
    this.#log = log
    this.#sourceFor = sourceFor
    this.#stopObserving = hub.observe({
      tracksKnown: (stream) => {
        for (const rule of this.#rules.values()) if (rule.streamKey.equals(stream.key)) this.#connect(rule, stream)
      },
    })
  }

  list(): ForwardStatus[] {
    return [...this.#rules.values()].map(describe)
  }

  get(id: string): ForwardStatus | undefined {
    const rule = this.#rules.get(id)
    return rule === undefined ? undefined : describe(rule)
  }

  start(name: string, target: ForwardTargetAddress): ForwardStatus {
    const rule: Rule = {
      id: randomUUID(),
      streamKey: StreamKey.plain(name),
      target,
      sinceMs: Date.now(),
      connection: undefined,
      retryAfterMs: forwardLimits.retryFirstMs,
      cancelWait: undefined,
      bytesOut: 0,
      lastError: undefined,
    }
    this.#rules.set(rule.id, rule)
    this.#connectIfLive(rule)
    return describe(rule)
  }

  stop(id: string): boolean {
    const rule = this.#rules.get(id)
    if (rule === undefined) return false
    this.#rules.delete(id)
    rule.cancelWait?.()
    rule.connection?.close(undefined)
    return true
  }

  close(): void {
    this.#stopObserving()
    for (const id of [...this.#rules.keys()]) this.stop(id)
  }

  #connectIfLive(rule: Rule): void {
    const stream = this.#hub.get(rule.streamKey)
    if (stream?.tracksKnown === true) this.#connect(rule, stream)
  }

  #connect(rule: Rule, stream: Stream): void {
    if (rule.connection !== undefined || rule.cancelWait !== undefined) return
    const source = this.#sourceFor(stream, FLV_NEEDS)
    const connection = new RtmpForward(
      source,
      rule.target,
      this.#clock,
      this.#connectTo,
      forwardLimits.connectMs * 1000,
      (error) => {
        rule.connection = undefined
        rule.bytesOut += connection.bytesOut
        rule.lastError = error
        if (error === undefined || connection.publishing) rule.retryAfterMs = forwardLimits.retryFirstMs
        else rule.retryAfterMs = Math.min(rule.retryAfterMs * 2, forwardLimits.retryMaxMs)
        if (error !== undefined) this.#logFailure(rule, error)
        // Without an error the stream is over: its next publisher connects the rule again.
        if (error !== undefined && this.#rules.has(rule.id)) this.#retryLater(rule)
      },
    )
    rule.connection = connection
  }

  #logFailure({ id, streamKey, target }: Rule, error: string): void {
    const fields = { forward: id, stream: streamKey.label, host: target.host, error: withoutKeys(error, target) }
    this.#log.warn(fields, 'A forward failed')
  }

  #retryLater(rule: Rule): void {
    rule.cancelWait = this.#clock.after(rule.retryAfterMs * 1000, () => {
      rule.cancelWait = undefined
      this.#connectIfLive(rule)
    })
  }
}

function describe(rule: Rule): ForwardStatus {
  const { connection } = rule
  const waiting = rule.lastError === undefined ? 'waiting' : 'retrying'
  return {
    id: rule.id,
    stream: rule.streamKey.label,
    url: shownTarget(rule.target),
    state: connection === undefined ? waiting : connection.publishing ? 'forwarding' : 'connecting',
    since: rule.sinceMs,
    bytesOut: rule.bytesOut + (connection?.bytesOut ?? 0),
    ...(rule.lastError === undefined ? {} : { lastError: withoutKeys(rule.lastError, rule.target) }),
  }
}
