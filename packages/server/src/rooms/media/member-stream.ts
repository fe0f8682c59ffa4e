import type { PublishedStreamType, PublishState } from '@crossroom/protocol'
import type { StreamEndReason, StreamProtocol } from '../../auth/index.js'
import { roomLimits } from '../../config/index.js'
import { StreamKey, type Clock, type StreamHub } from '../../hub/index.js'
import type { Kinds } from '../model/policy.js'
import type { ListedLayer, ListedStream } from './listed-stream.js'
import type { MediaTokens } from './media-tokens.js'
import { withoutSound, type RoomChanges } from './room-changes.js'
import { StreamLayer } from './stream-layer.js'
import type { StreamLayers } from './stream-layers.js'
import type { StreamMonitor } from './stream-monitor.js'

/** Whose a stream is. */
export interface StreamOwner {
  /** It went live, stalled or ended. */
  handlePublished(stream: MemberStream, state: Exclude<PublishState, 'refused'>): void
}

/** Member and type of the stream. */
export interface StreamOf {
  readonly roomId: string
  readonly userId: string
  readonly streamType: PublishedStreamType
}

export interface MemberStreamOptions {
  readonly hub: StreamHub
  readonly layers: StreamLayers
  readonly clock: Clock
  /** Random, without meaning, and the same on every node. */
  readonly id: string
  readonly of: StreamOf
  /** The addresses that the stream is played by. */
  readonly tokens: MediaTokens
  /** See `RoomsOptions`. */
  readonly flvProtocols: ReadonlySet<StreamProtocol>
  readonly changes: RoomChanges
}

const BOTH: Kinds = { audio: true, video: true }
const NEITHER: Kinds = { audio: false, video: false }

/** A member's main or aux stream, published by any protocol, under one key for the whole membership. */
export class MemberStream implements ListedStream {
  readonly streamType: PublishedStreamType
  /** Publishers with this subject take the stream over from each other. */
  readonly subject: string
  readonly best: StreamLayer
  /** The lower simulcast layer; of main only. */
  readonly small: StreamLayer | undefined
  /** Changes when the stream passes on; undefined while it has no member. */
  owner: StreamOwner | undefined
  readonly #clock: Clock
  readonly #tokens: MediaTokens
  readonly #changes: RoomChanges
  readonly #encoders = new Set<(reason: StreamEndReason) => void>()
  /** The kinds that the member may send. */
  #allowed = BOTH
  /** The kinds that its browser announced; undefined for RTMP and WHIP, which announce none. */
  #announced: Kinds | undefined
  /** By the member itself, and by the owner or an operator. */
  #muted = NEITHER
  #mutedByOthers = NEITHER
  /** Aux is listed while it is published and a little longer. */
  #isShown: boolean
  #cancelHide: (() => void) | undefined

  constructor({ hub, layers, clock, tokens, flvProtocols, id, of, changes }: MemberStreamOptions) {
    const { streamType } = of
    this.#clock = clock
    this.#tokens = tokens
    this.#changes = changes
    this.streamType = streamType
    const key = StreamKey.room(id, of)
    this.subject = subjectOf(key)
    this.#isShown = streamType === 'main'
    const published = (state: Exclude<PublishState, 'refused'>) => this.#handlePublished(state)
    // Players that were given it as it came connect again, and are given the conversion then.
    const requiresConversion = () => tokens.endPlays(key, flvProtocols)
    this.best = new StreamLayer({ hub, layers, clock, key, changes, handlers: { published, requiresConversion } })
    if (streamType !== 'main') return
    const seen = withoutSound(changes)
    const handlers = { published: () => changes.changed('list'), requiresConversion: () => undefined }
    this.small = new StreamLayer({ hub, layers, clock, key: key.small, changes: seen, handlers })
  }

  get key(): StreamKey {
    return this.best.key
  }

  get smallKey(): StreamKey | undefined {
    return this.small?.key
  }

  /** The available audio and video. */
  get kinds(): Kinds {
    const { monitor } = this.best
    return flowingOf(monitor, this.#open)
  }

  /** The same of the lower layer; undefined while there is none. */
  get smallKinds(): Kinds | undefined {
    const { stream, monitor } = this.small ?? {}
    return stream?.state === 'live' && monitor?.state !== undefined ? flowingOf(monitor, this.#open) : undefined
  }

  /**
   * The tracks that may be heard or seen at any moment: of the present publication, muted or not, and of one that a
   * browser still announces, because a static screen may send nothing for a while. Tracks from before a take-over by
   * the same phone on another network count as well: until its first frames arrive, its stream has no tracks.
   */
  get tracks(): Kinds {
    const { stream, monitor } = this.best
    if (stream?.publication === undefined && this.#announced === undefined) return NEITHER
    const { audio, video } = stream?.tracks ?? {}
    const may = this.#allowed
    const said = this.#announced ?? BOTH
    return {
      audio: (audio !== undefined || monitor?.flowsAudio === true) && may.audio && said.audio,
      video: (video !== undefined || monitor?.flowsVideo === true) && may.video && said.video,
    }
  }

  /** Nothing of it may leave the server at this moment. */
  get isMuted(): boolean {
    return !this.#open.audio && !this.#open.video
  }

  get isShown(): boolean {
    return this.#isShown
  }

  get layers(): readonly ListedLayer[] {
    if (!this.#isShown) return []
    const { best, small, smallKinds, streamType, kinds } = this
    const layers = [this.#listed(streamType, best, kinds)]
    if (small !== undefined && smallKinds !== undefined) layers.push(this.#listed('small', small, smallKinds))
    return layers
  }

  /** The kinds that are withheld from everybody. */
  get withheld(): Kinds {
    const open = this.#open
    return { audio: !open.audio, video: !open.video }
  }

  takeLevel(): number | undefined {
    return this.best.monitor?.takeLevel()
  }

  /** Of kinds that are muted or may not be sent, nothing leaves the server. */
  get #open(): Kinds {
    const may = this.#allowed
    const muted = this.#muted
    const byOthers = this.#mutedByOthers
    const said = this.#announced ?? BOTH
    return {
      audio: may.audio && !muted.audio && !byOthers.audio && said.audio,
      video: may.video && !muted.video && !byOthers.video && said.video,
    }
  }

  allow(kinds: Kinds): void {
    this.#allowed = kinds
    this.#apply()
  }

  announce(kinds: Kinds | undefined): void {
    this.#announced = kinds
    this.#showOrHide()
    this.#apply()
  }

  mute(kinds: Kinds): void {
    this.#muted = kinds
    this.#apply()
  }

  muteByOthers(kinds: Kinds): void {
    this.#mutedByOthers = kinds
    this.#apply()
  }

  /** A connection that sends it and is none of the gateway's. The answer takes it out again. */
  addEncoder(end: (reason: StreamEndReason) => void): () => void {
    this.#encoders.add(end)
    return () => void this.#encoders.delete(end)
  }

  /** Disconnects its publisher; it may be published again. */
  endEncoders(): void {
    for (const end of [...this.#encoders]) end('kicked')
    this.best.stream?.kickPublisher()
  }

  /**
   * The member is gone or lost its permission to send: disconnects publishers and players and revokes every address.
   * Idempotent.
   */
  close(): void {
    this.owner = undefined
    this.endEncoders()
    this.best.close()
    this.small?.close()
    this.#cancelHide?.()
    for (const key of [this.key, this.smallKey]) if (key !== undefined) this.#tokens.revokeKey(key)
  }

  release(): void {
    this.owner = undefined
    this.#cancelHide?.()
    for (const end of [...this.#encoders]) end('kicked')
    this.best.release()
    this.small?.release()
  }

  #listed(streamType: ListedLayer['streamType'], { key, stream, monitor }: StreamLayer, kinds: Kinds): ListedLayer {
    return {
      streamType,
      stream: this,
      key,
      kinds,
      rotation: monitor?.rotation ?? 0,
      width: stream?.tracks.video?.width,
    }
  }

  #apply(): void {
    const { withheld } = this
    this.best.withhold(withheld)
    this.small?.withhold(withheld)
    this.#changes.changed('list')
  }

  #handlePublished(state: Exclude<PublishState, 'refused'>): void {
    this.#showOrHide()
    // What stalled before it ended flows as little as before, but its tracks are gone.
    this.#changes.changed('list')
    this.owner?.handlePublished(this, state)
  }

  #showOrHide(): void {
    if (this.streamType === 'main') return
    this.#cancelHide?.()
    this.#cancelHide = undefined
    const { stream } = this.best
    if (this.#announced !== undefined || (stream?.publication !== undefined && stream.hasFrames)) this.#setShown(true)
    else if (this.#isShown) this.#cancelHide = this.#clock.after(roomLimits.deviceMicros, () => this.#setShown(false))
  }

  #setShown(isShown: boolean): void {
    if (this.#isShown === isShown) return
    this.#isShown = isShown
    this.#changes.changed('list')
  }
}

/** The flowing kinds that are not muted; none for a layer without a stream. */
function flowingOf(monitor: StreamMonitor | undefined, open: Kinds): Kinds {
  return { audio: open.audio && monitor?.flowsAudio === true, video: open.video && monitor?.flowsVideo === true }
}

/** Publishers with this subject take the stream of that key over from each other, on whatever node. */
export function subjectOf(key: StreamKey): string {
  return `member:${key.name}`
}
