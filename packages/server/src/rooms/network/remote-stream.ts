import type { PublishedStreamType } from '@crossroom/protocol'
import type { Stream, StreamHub, StreamKey, Withheld } from '../../hub/index.js'
import type { DocumentStream } from './room-document.js'
import type { Kinds } from '../model/policy.js'
import type { ListedLayer, ListedStream } from '../media/listed-stream.js'
import type { MediaTokens } from '../media/media-tokens.js'
import type { RoomChanges } from '../media/room-changes.js'
import type { KeyedLayer, StreamLayers } from '../media/stream-layers.js'

/** A level holds until the next is told, and for so many tellings without one. */
const LEVEL_LASTS = 4
const NEITHER: Kinds = { audio: false, video: false }

export interface RemoteStreamOptions {
  readonly hub: StreamHub
  readonly layers: StreamLayers
  readonly tokens: MediaTokens
  readonly changes: RoomChanges
  readonly streamType: PublishedStreamType
  readonly key: StreamKey
}

/** A stream that a member publishes on another node: what is known of it stands in that node's document. Players here make it be pulled. */
export class RemoteStream implements ListedStream {
  readonly streamType: PublishedStreamType
  readonly key: StreamKey
  readonly smallKey: StreamKey | undefined
  readonly #options: RemoteStreamOptions
  readonly #layers: readonly RemoteLayer[]
  #told: DocumentStream | undefined
  #level: number | undefined
  /** Times that the level was taken since its node told it. */
  #taken = 0

  constructor(options: RemoteStreamOptions) {
    this.#options = options
    this.streamType = options.streamType
    this.key = options.key
    this.smallKey = options.streamType === 'main' ? options.key.small : undefined
    const keys = [this.key, this.smallKey].filter((key) => key !== undefined)
    this.#layers = keys.map((key) => new RemoteLayer(key, options.hub, options.layers))
  }

  /** `told`: by the document of its node. */
  update(told: DocumentStream): void {
    this.#told = told
    for (const layer of this.#layers) layer.withhold(told.withheld)
  }

  get kinds(): Kinds {
    return this.#told?.kinds ?? NEITHER
  }

  get tracks(): Kinds {
    return this.#told?.tracks ?? NEITHER
  }

  get withheld(): Kinds {
    return this.#told?.withheld ?? NEITHER
  }

  get layers(): readonly ListedLayer[] {
    const told = this.#told
    if (told?.isShown !== true) return told === undefined && this.streamType === 'main' ? [this.#listed()] : []
    const layers: ListedLayer[] = [this.#listed(told)]
    if (told.small !== undefined && this.smallKey !== undefined) {
      const { kinds, rotation, width } = told.small
      layers.push({ streamType: 'small', stream: this, key: this.smallKey, kinds, rotation, width })
    }
    return layers
  }

  /** Its node measured it. */
  hear(level: number): void {
    this.#level = level
    this.#taken = 0
    if (level > 0) this.#options.changes.changed('sound')
  }

  takeLevel(): number | undefined {
    if (this.#level !== undefined && ++this.#taken > LEVEL_LASTS) this.#level = 0
    return this.#level
  }

  close(): void {
    for (const layer of this.#layers) layer.close()
    for (const key of [this.key, this.smallKey]) if (key !== undefined) this.#options.tokens.revokeKey(key)
  }

  release(): void {
    for (const layer of this.#layers) layer.release()
  }

  #listed({ kinds = NEITHER, rotation = 0, width }: Partial<DocumentStream> = {}): ListedLayer {
    return { streamType: this.streamType, stream: this, key: this.key, kinds, rotation, width }
  }
}

/** One key of it: held in the hub while its member is one, from its first player on. */
class RemoteLayer implements KeyedLayer {
  readonly key: StreamKey
  readonly #hub: StreamHub
  readonly #forgetKey: () => void
  #held: { readonly stream: Stream; readonly letGo: () => void } | undefined
  #withheld: Withheld = NEITHER

  constructor(key: StreamKey, hub: StreamHub, layers: StreamLayers) {
    this.key = key
    this.#hub = hub
    this.#forgetKey = layers.add(this)
    const present = hub.get(key)
    if (present !== undefined) this.handleOpened(present)
  }

  open(): void {
    if (this.#held === undefined) this.#hub.open(this.key)
  }

  withhold(kinds: Withheld): void {
    const before = this.#withheld
    if (before.audio === kinds.audio && before.video === kinds.video) return
    this.#withheld = kinds
    this.#held?.stream.withhold(kinds)
  }

  handleOpened(stream: Stream): void {
    const release = stream.hold()
    const unwatch = stream.watch({
      handleFrame: () => undefined,
      handleEnd: () => (this.#held = undefined),
    })
    stream.withhold(this.#withheld)
    this.#held = {
      stream,
      letGo: () => {
        unwatch()
        release()
      },
    }
    this.#hub.recheck(this.key)
  }

  release(): void {
    this.#letGo()
  }

  close(): void {
    this.#letGo()?.end('kicked')
  }

  #letGo(): Stream | undefined {
    this.#forgetKey()
    const held = this.#held
    this.#held = undefined
    held?.letGo()
    return held?.stream
  }
}
