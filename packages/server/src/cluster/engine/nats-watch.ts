import type { DriverClock } from '@crossroom/media'
import { AckPolicy, DeliverPolicy, type ConsumerInfo, type JetStreamManager } from '@nats-io/jetstream'
import { createInbox, nanos, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node'
import type { EngineChange } from './engine.js'
import { isDeletion, keyOf, streamOfStore, subjectOf } from './nats-store.js'
import { ToldKeys } from './told-keys.js'

const HEARTBEAT_MS = 1000
/** A server that dies takes its consumers along without a word. */
const SILENCE_MS = 3000
const RETRY_MS = 250
/** The server forgets a consumer that nobody listens to. */
const INACTIVE_MS = 10_000
const CONTROL = 100

export interface NatsWatchOptions {
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly clock: Pick<DriverClock, 'after'>
  readonly prefix: string
  readonly listener: (change: EngineChange) => void
  readonly ready: () => void
}

/** One telling of a prefix by one consumer, from its first message on. */
interface Telling {
  readonly subscription: Subscription
  readonly keys: Set<string>
  name: string | undefined
  /** Consumers number what they deliver: a gap is a loss. */
  delivered: number
  /** How many messages tell what was there; undefined until the server has said it. */
  expected: number | undefined
  isReady: boolean
}

/**
 * A watch as an ephemeral, ordered consumer of the store's stream. Whatever goes wrong with the consumer, a new one tells the last
 * value of each key again, and `ToldKeys` lets only changes through.
 */
export class NatsWatch {
  readonly #options: NatsWatchOptions
  readonly #told = new ToldKeys()
  #telling: Telling | undefined
  #cancelTimer: () => void = () => undefined
  #hasBeenReady = false

  constructor(options: NatsWatchOptions) {
    this.#options = options
  }

  /** Tells all again, of which the listener hears what is new. */
  start(): void {
    this.stop()
    const { connection } = this.#options
    const subscription = connection.subscribe(createInbox(), {
      callback: (error, message) => {
        if (this.#telling?.subscription !== subscription) return
        if (error === null) this.#receive(this.#telling, message)
        else this.#again(RETRY_MS)
      },
    })
    const telling = {
      subscription,
      keys: new Set<string>(),
      name: undefined,
      delivered: 0,
      expected: undefined,
      isReady: false,
    }
    this.#telling = telling
    this.#again(SILENCE_MS)
    void this.#consume(telling)
  }

  stop(): void {
    this.#cancelTimer()
    const telling = this.#telling
    this.#telling = undefined
    if (telling === undefined) return
    if (!this.#options.connection.isClosed()) telling.subscription.unsubscribe()
    const { name } = telling
    // It would go by itself, later.
    if (name !== undefined) this.#options.manager.consumers.delete(streamOfStore, name).catch(() => undefined)
  }

  async #consume(telling: Telling): Promise<void> {
    let info: ConsumerInfo
    try {
      info = await this.#options.manager.consumers.add(streamOfStore, {
        deliver_policy: DeliverPolicy.LastPerSubject,
        filter_subject: subjectOf(this.#options.prefix),
        deliver_subject: telling.subscription.getSubject(),
        ack_policy: AckPolicy.None,
        max_deliver: 1,
        flow_control: true,
        idle_heartbeat: nanos(HEARTBEAT_MS),
        inactive_threshold: nanos(INACTIVE_MS),
        mem_storage: true,
        num_replicas: 1,
      })
    } catch {
      if (this.#telling === telling) this.#again(RETRY_MS)
      return
    }
    telling.name = info.name
    telling.expected = info.num_pending + info.delivered.consumer_seq
    if (this.#telling === telling) this.#checkReady(telling)
  }

  #receive(telling: Telling, message: Msg): void {
    this.#again(SILENCE_MS)
    if (message.headers?.code === CONTROL) {
      this.#control(telling, message)
      return
    }
    const delivery = deliveryOf(message)
    if (delivery?.consumerSequence !== telling.delivered + 1) {
      this.start()
      return
    }
    telling.delivered++
    this.#tell(telling, message, delivery.revision)
    if (delivery.pending === 0) telling.expected = telling.delivered
    this.#checkReady(telling)
  }

  #control(telling: Telling, message: Msg): void {
    if (message.reply !== undefined && message.reply !== '') message.respond()
    const last = message.headers?.get('Nats-Last-Consumer')
    if (last !== undefined && last !== '' && Number(last) > telling.delivered) this.start()
  }

  #tell(telling: Telling, message: Msg, revision: number): void {
    const key = keyOf(message.subject)
    if (isDeletion(message.headers)) {
      telling.keys.delete(key)
      this.#pass({ kind: 'delete', key, revision })
    } else {
      telling.keys.add(key)
      this.#pass({ kind: 'put', entry: { key, value: message.data, revision } })
    }
  }

  #pass(change: EngineChange): void {
    if (this.#told.isNews(change)) this.#options.listener(change)
  }

  #checkReady(telling: Telling): void {
    if (telling.isReady || telling.expected === undefined || telling.delivered < telling.expected) return
    telling.isReady = true
    for (const [key, revision] of this.#told.without(telling.keys))
      this.#pass({ kind: 'delete', key, revision: revision + 1 })
    telling.keys.clear()
    if (this.#hasBeenReady) return
    this.#hasBeenReady = true
    this.#options.ready()
  }

  #again(ms: number): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#options.clock.after(ms * 1000, () => this.start())
  }
}

/** From the reply subject: `$JS.ACK.STREAM.CONSUMER.DELIVERIES.STREAM-SEQ.CONSUMER-SEQ.TIME.PENDING`, or with domain and account before STREAM. */
function deliveryOf({ reply }: Msg): { revision: number; consumerSequence: number; pending: number } | undefined {
  const words = reply?.split('.') ?? []
  if (words.length < 9) return undefined
  const first = words.length === 9 ? 5 : 7
  const [revision, consumerSequence, , pending] = words.slice(first, first + 4).map(Number)
  if (revision === undefined || consumerSequence === undefined || pending === undefined) return undefined
  return { revision, consumerSequence, pending }
}
