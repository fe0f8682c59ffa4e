import { computed, effect, signal } from '@preact/signals'
import { largeTile, type Tile } from '../room/people.js'
import type { RoomModel } from '../room/room-model.js'
import { read, write } from '../../ui/storage.js'

export type Layout = 'grid' | 'speaker'
export type Panel = 'chat' | 'people'
export type CallDialog = 'invite' | 'settings' | 'shortcuts' | 'leave' | 'more'

const LAYOUT_AT = 'crossroom.layout'

/** What of the call is on the screen, and how. */
export class CallView {
  readonly layout = signal<Layout>(read('local', LAYOUT_AT) === 'speaker' ? 'speaker' : 'grid')
  readonly panel = signal<Panel | undefined>(undefined)
  readonly dialog = signal<CallDialog | undefined>(undefined)
  /** Key of the pinned tile. */
  readonly pinned = signal<string | undefined>(undefined)
  readonly page = signal(0)
  readonly #model: RoomModel
  readonly large = computed(() => largeTile(this.#model.tiles.value, this.pinned.value, this.#model.speaker.value))
  readonly small = computed<readonly Tile[]>(() =>
    this.#model.tiles.value.filter(({ key }) => key !== this.large.value?.key),
  )

  constructor(model: RoomModel) {
    this.#model = model
    this.#showScreens()
  }

  setLayout(layout: Layout): void {
    this.layout.value = layout
    write('local', LAYOUT_AT, layout)
  }

  /** Opens a panel, or closes it when it is open. */
  togglePanel(panel: Panel): void {
    this.panel.value = this.panel.value === panel ? undefined : panel
  }

  /** A pinned tile is large; letting go of it leaves the view as it is. */
  togglePin(key: string): void {
    const isPinned = this.pinned.value === key
    this.pinned.value = isPinned ? undefined : key
    if (!isPinned) this.layout.value = 'speaker'
  }

  /** A newly shared screen becomes the large tile for everybody. */
  #showScreens(): void {
    let before = 0
    effect(() => {
      const screens = this.#model.tiles.value.filter(({ streamType }) => streamType === 'aux').length
      if (screens > before) this.layout.value = 'speaker'
      else if (screens === 0 && before > 0)
        this.layout.value = read('local', LAYOUT_AT) === 'speaker' ? 'speaker' : 'grid'
      before = screens
    })
  }
}
