import type { DriverClock } from '@crossroom/media'
import {
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
  type Subscription,
} from '@nats-io/transport-node'
import { engineLimits } from '../../config/index.js'
import {
  EngineLostError,
  PROBE_KEY,
  type ClusterEngine,
  type EngineChange,
  type EngineEntry,
  type EngineMessage,
  type EnginePass,
  type EngineState,
} from './engine.js'
import { withoutPassword } from './engine-faults.js'
import { isDeletion, keyOf, NatsStore, subjectOf } from './nats-store.js'
import { NatsWatch } from './nats-watch.js'
import { checkSubject, checkValue } from './subject.js'

const { requestMs } = engineLimits
/** A connection that answers no ping for two of these is dead. */
const PING_MS = 1000
const RECONNECT_MS = 100
const PROBE_MS = 500
/** Others may use the same account of NATS. */
const PREFIX = 'crossroom.'

export interface NatsOptions {
  readonly servers: readonly string[]
  /** What a `.creds` file contains. */
  readonly credentials?: Uint8Array
  /** Keeps to the named servers; default false: others of their cluster are used as well. */
  readonly ignoreOthers?: boolean
  /** Of this node, in the engine's own lists. */
  readonly name: string
  readonly clock: Pick<DriverClock, 'after'>
}

interface Waiting {
  fail(): void
}

/** The engine on NATS: core messages, and a key-value bucket of JetStream. */
export class NatsEngine implements ClusterEngine {
  readonly #connection: NatsConnection
  readonly #store: NatsStore
  readonly #clock: Pick<DriverClock, 'after'>
  readonly #stateListeners = new Set<(state: EngineState) => void>()
  readonly #watches = new Set<NatsWatch>()
  readonly #waiting = new Set<Waiting>()
  #state: EngineState = 'connected'
  #isWritable = true
  #conflicts = 0
  #isClosed = false
  #cancelProbe: (() => void) | undefined

  private constructor(connection: NatsConnection, store: NatsStore, clock: Pick<DriverClock, 'after'>) {
    this.#connection = connection
    this.#store = store
    this.#clock = clock
    void this.#followStatus()
  }

  /** Rejects with the error of NATS: `engine-faults.ts` has the sentences. */
  static async open({ servers, credentials, ignoreOthers = false, name, clock }: NatsOptions): Promise<NatsEngine> {
    const connection = await connect({
      ...{ servers: servers.map(withoutPassword), name, ...identityOf(servers, credentials) },
      ...{ timeout: requestMs, pingInterval: PING_MS, maxPingOut: 2, noAsyncTraces: true },
      ...{ maxReconnectAttempts: -1, reconnectTimeWait: RECONNECT_MS, reconnectJitter: RECONNECT_MS },
      ignoreClusterUpdates: ignoreOthers,
      // Credentials may be mended while we wait.
      ignoreAuthErrorAbort: true,
    })
    try {
      return new NatsEngine(connection, await NatsStore.open(connection, requestMs), clock)
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  get state(): EngineState {
    return this.#state
  }

  get isWritable(): boolean {
    return this.#isWritable && this.#state === 'connected'
  }

  get conflicts(): number {
    return this.#conflicts
  }

  onState(listener: (state: EngineState) => void): () => void {
    this.#stateListeners.add(listener)
    return () => void this.#stateListeners.delete(listener)
  }

  publish(subject: string, payload: Uint8Array): void {
    checkSubject(subject)
    checkValue(payload)
    // NATS would keep it and send it when it is back, out of its time.
    if (this.#state === 'connected' && !this.#connection.isClosed()) this.#connection.publish(PREFIX + subject, payload)
  }

  subscribe(subject: string, listener: (message: EngineMessage) => void): () => void {
    return this.#subscribe(PREFIX + subject, ({ subject, payload, reply }) => {
      const respond = reply && { respond: (answer: Uint8Array) => this.#respond(reply, answer) }
      listener({ subject: subject.slice(PREFIX.length), payload, ...respond })
    })
  }

  async request(subject: string, payload: Uint8Array, timeoutMs: number): Promise<Uint8Array | undefined> {
    checkSubject(subject)
    checkValue(payload)
    return await this.#within(async () => {
      try {
        const timeout = Math.max(1, Math.min(timeoutMs, requestMs))
        return (await this.#connection.request(PREFIX + subject, payload, { timeout })).data
      } catch (error) {
        if (isUnanswered(error)) return undefined
        throw error
      }
    })
  }

  async flush(): Promise<void> {
    await this.#within(() => this.#connection.flush())
  }

  async get(key: string): Promise<EngineEntry | undefined> {
    checkSubject(key)
    return await this.#ask(() => this.#store.get(key))
  }

  async list(prefix: string): Promise<EngineEntry[]> {
    const entries: EngineEntry[] = []
    // Each has the deadline of its own: a list may be long.
    for (const keys of await this.#ask(() => this.#store.keys(prefix)))
      entries.push(...(await this.#ask(() => this.#store.read(keys))))
    return entries
  }

  async create(key: string, value: Uint8Array): Promise<number | undefined> {
    return await this.#write(key, value, () => this.#store.create(key, value))
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<number | undefined> {
    return await this.#write(key, value, () => this.#store.update(key, value, revision))
  }

  async put(key: string, value: Uint8Array): Promise<number> {
    return await this.#write(key, value, () => this.#store.put(key, value))
  }

  async delete(key: string, revision?: number): Promise<boolean> {
    return await this.#write(key, new Uint8Array(), () => this.#store.delete(key, revision))
  }

  watch(prefix: string, listener: (change: EngineChange) => void, ready: () => void = () => undefined): () => void {
    const { manager } = this.#store
    const options = { connection: this.#connection, manager, clock: this.#clock, prefix }
    const later = (call: () => void): void => queueMicrotask(() => this.#watches.has(watch) && call())
    const watch = new NatsWatch({
      ...options,
      listener: (change) => later(() => listener(change)),
      ready: () => later(ready),
    })
    this.#watches.add(watch)
    if (this.#state === 'connected' && !this.#isClosed) watch.start()
    return () => {
      if (this.#watches.delete(watch)) watch.stop()
    }
  }

  follow(prefix: string, listener: (change: EnginePass) => void): () => void {
    return this.#subscribe(subjectOf(prefix), ({ subject, payload, isDeleted }) =>
      listener({ key: keyOf(subject), value: isDeleted ? undefined : payload }),
    )
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#cancelProbe?.()
    for (const watch of this.#watches) watch.stop()
    this.#watches.clear()
    this.#failWaiting()
    await this.#connection.close()
  }

  #respond(reply: string, answer: Uint8Array): void {
    checkValue(answer)
    if (this.#state === 'connected' && !this.#connection.isClosed()) this.#connection.publish(reply, answer)
  }

  #subscribe(subject: string, listener: (message: Received) => void): () => void {
    const subscription: Subscription = this.#connection.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) return
        const { subject, data: payload, reply } = message
        const received = { subject, payload, reply, isDeleted: isDeletion(message.headers) }
        // What a listener throws must not end the connection.
        queueMicrotask(() => !subscription.isClosed() && listener(received))
      },
    })
    return () => {
      if (!this.#connection.isClosed()) subscription.unsubscribe()
    }
  }

  async #followStatus(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'disconnect' || type === 'close') this.#setState('lost')
      else if (type === 'reconnect') this.#setState('connected')
    }
  }

  #setState(state: EngineState): void {
    if (state === this.#state || this.#isClosed) return
    this.#state = state
    if (state === 'lost') this.#failWaiting()
    for (const watch of this.#watches) {
      if (state === 'lost') watch.stop()
      else watch.start()
    }
    this.#tellState()
  }

  #tellState(): void {
    for (const listener of [...this.#stateListeners]) listener(this.#state)
  }

  #failWaiting(): void {
    for (const waiting of this.#waiting) waiting.fail()
  }

  async #write<Result>(key: string, value: Uint8Array, action: () => Promise<Result>): Promise<Result> {
    checkSubject(key)
    checkValue(value)
    const result = await this.#ask(action)
    if (result === undefined || result === false) this.#conflicts++
    return result
  }

  /** A question to the store. When it fails, the store is probed until it answers. */
  async #ask<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await this.#within(action)
    } catch (error) {
      if (this.#state === 'connected' && !this.#isClosed) this.#probe()
      throw error
    }
  }

  #probe(): void {
    if (this.#cancelProbe !== undefined) return
    this.#isWritable = false
    this.#tellState()
    const again = (): void => {
      if (this.#isClosed) return
      this.#cancelProbe = this.#clock.after(PROBE_MS * 1000, () => {
        this.#within(() => this.#store.put(PROBE_KEY, new Uint8Array())).then(done, again)
      })
    }
    const done = (): void => {
      this.#cancelProbe = undefined
      this.#isWritable = true
      if (!this.#isClosed) this.#tellState()
    }
    again()
  }

  /** Settles in time, and at once when the engine is lost. */
  async #within<Result>(action: () => Promise<Result>): Promise<Result> {
    if (this.#isClosed || this.#state === 'lost') throw new EngineLostError('The cluster engine cannot be reached.')
    return await new Promise<Result>((resolve, reject) => {
      const end = (): void => {
        cancel()
        this.#waiting.delete(waiting)
      }
      const fail = (cause?: unknown): void => {
        end()
        reject(new EngineLostError('The cluster engine did not answer.', { cause }))
      }
      const waiting: Waiting = { fail }
      const cancel = this.#clock.after(requestMs * 1000, fail)
      this.#waiting.add(waiting)
      action().then((result) => {
        end()
        resolve(result)
      }, fail)
    })
  }
}

interface Received {
  readonly subject: string
  readonly payload: Uint8Array
  readonly reply: string | undefined
  readonly isDeleted: boolean
}

/** Who we are for NATS: a file of credentials, or user and password in an address. */
function identityOf(servers: readonly string[], credentials: Uint8Array | undefined): Partial<NodeConnectionOptions> {
  if (credentials !== undefined) return { authenticator: credsAuthenticator(credentials) }
  const { username, password } = servers.map((server) => new URL(server)).find(({ username }) => username !== '') ?? {}
  if (username === undefined) return {}
  // A name alone is a token.
  const user = decodeURIComponent(username)
  return password ? { user, pass: decodeURIComponent(password) } : { token: user }
}

/** Nobody listens, or nobody answered in time. */
function isUnanswered(error: unknown): boolean {
  if (error instanceof errors.TimeoutError || error instanceof errors.NoRespondersError) return true
  return error instanceof errors.RequestError && error.isNoResponders()
}
