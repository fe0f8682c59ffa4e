import { randomUUID } from 'node:crypto'
import { forwardLimits } from '../../config/index.js'
import type { Clock, Stream, StreamHub } from '../../hub/index.js'
import { REDACTED, redactText, type Log } from '../../observe/index.js'
import { RtmpForward, type ForwardTargetAddress } from './forward.js'

/** How often rules look whether their stream has become live. */
const POLL_MICROS = 500_000

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
  readonly streamKey: string
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
  readonly #rules = new Map<string, Rule>()

  constructor(hub: StreamHub, clock: Clock, log: Log) {
    this.#hub = hub
    this.#clock = clock
    this.#log = log
  }

  list(): ForwardStatus[] {
    return [...this.#rules.values()].map(describe)
  }

  get(id: string): ForwardStatus | undefined {
    const rule = this.#rules.get(id)
    return rule === undefined ? undefined : describe(rule)
  }

  start(streamKey: string, target: ForwardTargetAddress): ForwardStatus {
    const rule: Rule = {
      id: randomUUID(),
      streamKey,
      target,
      sinceMs: Date.now(),
      connection: undefined,
      retryAfterMs: forwardLimits.retryFirstMs,
      cancelWait: undefined,
      bytesOut: 0,
      lastError: undefined,
    }
    this.#rules.set(rule.id, rule)
    this.#look(rule)
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
    for (const id of [...this.#rules.keys()]) this.stop(id)
  }

  #look(rule: Rule): void {
    rule.cancelWait = undefined
    const stream = this.#hub.get(rule.streamKey)
    if (stream?.state === 'live' && stream.hasFrames) this.#connect(rule, stream)
    else this.#wait(rule, POLL_MICROS)
  }

  #connect(rule: Rule, stream: Stream): void {
    const connection = new RtmpForward(stream, rule.target, this.#clock, forwardLimits.connectMs * 1000, (error) => {
      rule.connection = undefined
      rule.bytesOut += connection.bytesOut
      rule.lastError = error
      if (error === undefined || connection.publishing) rule.retryAfterMs = forwardLimits.retryFirstMs
      else rule.retryAfterMs = Math.min(rule.retryAfterMs * 2, forwardLimits.retryMaxMs)
      if (error !== undefined) this.#logFailure(rule, error)
      if (this.#rules.has(rule.id)) this.#wait(rule, error === undefined ? POLL_MICROS : rule.retryAfterMs * 1000)
    })
    rule.connection = connection
  }

  /** The last part of a target's path is the key to somebody's channel, which the target may repeat when it says no. */
  #logFailure({ id, streamKey: stream, target }: Rule, error: string): void {
    const key = target.url.slice(target.url.lastIndexOf('/') + 1)
    const fields = { forward: id, stream, host: target.host, error: error.replaceAll(key, REDACTED) }
    this.#log.warn(fields, 'A forward failed')
  }

  #wait(rule: Rule, micros: number): void {
    rule.cancelWait = this.#clock.after(micros, () => this.#look(rule))
  }
}

function describe(rule: Rule): ForwardStatus {
  const { connection } = rule
  const waiting = rule.lastError === undefined ? 'waiting' : 'retrying'
  return {
    id: rule.id,
    stream: rule.streamKey,
    url: redactText(rule.target.url),
    state: connection === undefined ? waiting : connection.publishing ? 'forwarding' : 'connecting',
    since: rule.sinceMs,
    bytesOut: rule.bytesOut + (connection?.bytesOut ?? 0),
    ...(rule.lastError === undefined ? {} : { lastError: rule.lastError }),
  }
}
