import { StreamKey } from '../hub/index.js'
import { EVERY_NETWORK, jobChildSpawner, JobNetwork, JobStore, Targets } from '../jobs/index.js'
import {
  Forwards,
  parsePushOption,
  PushChildren,
  Pushes,
  pushKind,
  senderOpener,
  type PushPlace,
  type PushSpec,
  WhipDoor,
} from '../push/index.js'
import { compositeOf } from './composites.js'
import type { Core } from './core.js'
import type { RoomsPart } from './rooms.js'

const STATES = ['waiting', 'connecting', 'pushing', 'retrying', 'ended'] as const

/** Streams that the server sends to others. */
export class PushesPart {
  readonly pushes: Pushes
  readonly forwards: Forwards
  readonly #door = new WhipDoor()
  readonly #children: PushChildren
  readonly #configured: readonly PushSpec[]

  /**
   * Nothing is sent yet.
   * @throws ConfigError
   */
  constructor(core: Core, rooms: RoomsPart) {
    const { clock, config, environment, hub, log, sockets, state } = core
    this.#configured = config.push.map(parsePushOption)
    const networkFor = (allowed: readonly string[], option: string): JobNetwork =>
      new JobNetwork(new Targets({ allowed, option }), sockets, 'push')
    const children = (this.#children = new PushChildren({ clock, log, spawn: jobChildSpawner('push', log) }))
    this.pushes = new Pushes({
      ...{ clock, hub, log, nowMs: Date.now, random: Math.random, sourceFor: environment.sourceFor },
      store: new JobStore(state, pushKind),
      openSender: senderOpener({
        ...{ clock, children, door: this.#door },
        network: networkFor(config.pushPrivate, '--push-private'),
        forwardNetwork: networkFor(config.forwardPrivate ? EVERY_NETWORK : [], '--forward-private'),
      }),
      keyOf: (place) => keyOf(place, rooms),
    })
    this.forwards = new Forwards(this.pushes)
    this.#addMetrics(core)
  }

  /** Sends from now on. */
  open(): void {
    this.pushes.open(this.#configured)
  }

  /** Idempotent. */
  close(): void {
    this.pushes.close()
    this.#door.close()
    this.#children.close()
  }

  #addMetrics({ metrics }: Core): void {
    const inState = (state: (typeof STATES)[number]) => this.pushes.list().filter((push) => push.state === state).length
    metrics.addGauge(
      'pushes',
      'Streams that the server sends to others',
      () => STATES.map((state) => ({ labels: { state }, value: inState(state) })),
      ['state'],
    )
    const { pushes } = this
    metrics.addGauge('push_processes', 'Child processes that send streams', () => this.#children.size)
    metrics.addCounter('push_failures_total', 'Attempts to push a stream that failed', () => pushes.totals.failures)
    metrics.addCounter('push_bytes_total', 'Bytes that were pushed', () => pushes.totals.bytesOut)
    metrics.addCounter(
      'push_dropped_frames_total',
      'Frames that were left out because a target did not take them',
      () => pushes.totals.droppedFrames,
    )
  }
}

async function keyOf(
  { stream, room, userId, streamType = 'main' }: PushPlace,
  part: RoomsPart,
): Promise<StreamKey | undefined> {
  if (stream !== undefined) return StreamKey.plain(stream)
  if (room === undefined) return undefined
  return userId === undefined ? compositeOf(room, part) : part.operations.streamOf(room, userId, streamType)
}
