import { computed, signal } from '@preact/signals'
import { read, write } from '../../ui/storage.js'
import { totalsOf, type Measured } from '../measured.js'
import type { WallStream } from './room-streams.js'
import { RestWall, type Wall, type WallSource } from './wall-streams.js'

/** The same place as the list of the live page, so that the key is typed once. */
const KEY_STORED_AT = 'crossroom.api-key'

/** The wall: its streams, the enlarged one, the audible one. */
export class MonitorModel {
  /** Undefined before the first answer. */
  readonly wall = signal<Wall | undefined>(undefined)
  readonly streams = computed<readonly WallStream[]>(() => {
    const wall = this.wall.value
    return wall?.kind === 'streams' ? wall.streams : []
  })
  /** Key of the stream that fills the wall. */
  readonly large = signal<string | undefined>(undefined)
  /** Key of the audible stream; one at a time. */
  readonly heard = signal<string | undefined>(undefined)
  readonly #measured = signal<ReadonlyMap<string, Measured>>(new Map())
  readonly totals = computed(() => totalsOf([...this.#measured.value.values()]))
  readonly viewers = computed(() => this.streams.value.reduce((sum, { viewers }) => sum + viewers, 0))
  readonly #source: WallSource

  constructor(source: WallSource = new RestWall()) {
    this.#source = source
  }

  async refresh(): Promise<void> {
    const wall = await this.#source.fetch(read('session', KEY_STORED_AT))
    // An answer that did not come is no reason to take down what plays.
    if (wall.kind === 'hidden' && wall.why === 'unreachable' && this.streams.value.length > 0) return
    if (JSON.stringify(wall) !== JSON.stringify(this.wall.value)) this.wall.value = wall
    if (!this.streams.value.some(({ key }) => key === this.large.value)) this.large.value = undefined
  }

  useKey(key: string): Promise<void> {
    write('session', KEY_STORED_AT, key)
    return this.refresh()
  }

  picture(stream: WallStream): Promise<Blob | undefined> {
    return this.#source.picture(stream)
  }

  /** The page goes. */
  close(): void {
    this.#source.close()
  }

  toggleLarge(key: string): void {
    this.large.value = this.large.value === key ? undefined : key
  }

  toggleHeard(key: string): void {
    this.heard.value = this.heard.value === key ? undefined : key
  }

  /** Notes what a tile measured; undefined takes it out of the sums. */
  note(key: string, measured: Measured | undefined): void {
    const all = new Map(this.#measured.value)
    if (measured === undefined) all.delete(key)
    else all.set(key, measured)
    this.#measured.value = all
  }
}
