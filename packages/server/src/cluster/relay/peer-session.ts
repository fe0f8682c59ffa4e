import { randomBytes } from 'node:crypto'
import { controlMessage, type WireMessage } from '@crossroom/media'
import { relayLimits } from '../../config/index.js'
import type { Clock, Stream, StreamHub, StreamKey } from '../../hub/index.js'
import type { Lane } from './lane.js'
import { channelOf, parseWant, pictureLaneOf, RELAY_TYPE, wantOf, type EndCause } from './messages.js'
import { ServedStream } from './served-stream.js'

/** A stream that the peer wants, served as long as both of its connections are there. */
interface Want {
  readonly id: number
  readonly key: StreamKey
  epoch: number
  served: ServedStream | undefined
  cancelAbsent: (() => void) | undefined
}

/** Lives of streams of this process, for peers: equal names mean one time line. */
const lives = new WeakMap<Stream, string>()

/** What a peer is served: all connections of one life of its link. Only what is published on this node, so there is no circle. */
export class PeerSession {
  readonly tag: string
  readonly #hub: StreamHub
  readonly #clock: Clock
  readonly #lanes = new Map<number, Lane>()
  readonly #wants = new Map<number, Want>()
  readonly #onClosed: () => void
  readonly #stopObserving: () => void
  #isClosed = false
  #droppedFrames = 0
  #framesOut = 0

  constructor(tag: string, hub: StreamHub, clock: Clock, onClosed: () => void) {
    this.tag = tag
    this.#hub = hub
    this.#clock = clock
    this.#onClosed = onClosed
    this.#stopObserving = hub.observe({
      published: (stream) => this.#ofStream(stream, (want) => this.#serve(want)),
      closed: (stream) => this.#ofStream(stream, (want) => want.served?.end('ended')),
    })
  }

  get served(): ServedStream[] {
    return [...this.#wants.values()].flatMap(({ served }) => served ?? [])
  }

  get droppedFrames(): number {
    return this.served.reduce((sum, one) => sum + one.droppedFrames, this.#droppedFrames)
  }

  get framesOut(): number {
    return this.served.reduce((sum, one) => sum + one.framesOut, this.#framesOut)
  }

  get queuedBytes(): number {
    const lanes = [...this.#lanes.values()].reduce((sum, lane) => sum + lane.queuedBytes, 0)
    return this.served.reduce((sum, one) => sum + one.queuedBytes, lanes)
  }

  get bytesOut(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.bytesOut, 0)
  }

  attach(number: number, lane: Lane): void {
    this.#lanes.get(number)?.close()
    this.#lanes.set(number, lane)
    for (const want of this.#wants.values()) if (pictureLaneOf(want.key) === number) this.#serve(want)
  }

  /** A connection is gone: with that of sound all are. */
  detach(number: number, lane: Lane): void {
    if (this.#lanes.get(number) !== lane) return
    this.#lanes.delete(number)
    if (number === 0) this.close()
    else for (const want of this.#wants.values()) if (pictureLaneOf(want.key) === number) this.#stop(want)
  }

  /** False for what no node sends. */
  handleMessage(message: WireMessage): boolean {
    const id = wantOf(message.channel)
    switch (message.type) {
      case RELAY_TYPE.want:
        return this.#want(id, parseWant(message))
      case RELAY_TYPE.drop:
        this.#drop(id)
        return true
      case RELAY_TYPE.keyframe:
        this.#wants.get(id)?.served?.requestKeyframe()
        return true
      default:
        return false
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopObserving()
    for (const id of [...this.#wants.keys()]) this.#drop(id)
    for (const lane of [...this.#lanes.values()]) lane.close()
    this.#lanes.clear()
    this.#onClosed()
  }

  #want(id: number, key: StreamKey | undefined): boolean {
    if (key === undefined || this.#wants.has(id)) return false
    if (this.#wants.size >= relayLimits.wants) {
      this.#tellEnd(id, 'full')
      return true
    }
    const want: Want = { id, key, epoch: 0, served: undefined, cancelAbsent: undefined }
    this.#wants.set(id, want)
    this.#serve(want)
    want.cancelAbsent = this.#clock.after(relayLimits.absentMicros, () => this.#checkAbsent(want))
    return true
  }

  /** A stream that its member may publish at any time is waited for. */
  #checkAbsent(want: Want): void {
    const stream = this.#hub.get(want.key)
    const isCopy = stream?.publication?.info.isCopy === true
    if (stream !== undefined && !isCopy && (stream.publication !== undefined || stream.isHeld)) return
    this.#drop(want.id)
    this.#tellEnd(want.id, isCopy ? 'elsewhere' : 'absent')
  }

  #serve(want: Want): void {
    const stream = this.#hub.get(want.key)
    const [sound, picture] = [this.#lanes.get(0), this.#lanes.get(pictureLaneOf(want.key))]
    if (this.#isClosed || sound === undefined || picture === undefined) return
    if (stream?.publication === undefined || want.served?.stream === stream) return
    this.#stop(want)
    if (stream.publication.info.isCopy === true) return
    want.served = new ServedStream({
      ...{ want: want.id, stream, life: lifeOf(stream), epoch: want.epoch, sound, picture },
      onEnded: () => {
        this.#stop(want)
        this.#wants.delete(want.id)
      },
    })
    want.served.start()
  }

  #stop(want: Want): void {
    const { served } = want
    if (served === undefined) return
    want.served = undefined
    want.epoch = served.epoch
    this.#droppedFrames += served.droppedFrames
    this.#framesOut += served.framesOut
    served.close()
  }

  #drop(id: number): void {
    const want = this.#wants.get(id)
    if (want === undefined) return
    this.#wants.delete(id)
    want.cancelAbsent?.()
    this.#stop(want)
  }

  #ofStream(stream: Stream, handle: (want: Want) => void): void {
    for (const want of [...this.#wants.values()]) if (want.key.equals(stream.key)) handle(want)
  }

  #tellEnd(id: number, cause: EndCause): void {
    this.#lanes.get(0)?.write(controlMessage(RELAY_TYPE.end, channelOf(id, 0), { cause }))
  }
}

function lifeOf(stream: Stream): string {
  const known = lives.get(stream)
  if (known !== undefined) return known
  const life = randomBytes(9).toString('base64url')
  lives.set(stream, life)
  return life
}
