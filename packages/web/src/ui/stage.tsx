import type { VNode } from 'preact'
import { useRef } from 'preact/hooks'
import { Icon } from './icon.js'
import { say } from '../i18n/say.js'
import { gridFor, tilesPerPage } from '../pages/room/grid.js'
import type { Tile } from '../pages/room/people.js'
import type { RoomModel } from '../pages/room/room-model.js'
import { TileView } from './tile.js'
import { useSize } from './use-size.js'
import './stage.css'

/** Between tiles; the same as in stage.css. Pixels. */
const GAP = 8

export interface Pins {
  readonly pinned: string | undefined
  readonly toggle: (key: string) => void
}

/** Tiles of one size, as large as they can be; what does not fit is on the next page. */
export function GridStage(props: {
  model: RoomModel
  tiles: readonly Tile[]
  page: number
  onPage: (page: number) => void
  pins: Pins
}): VNode {
  const { model, page, onPage, pins } = props
  const { tiles, own } = withSelfAside(props.tiles)
  const box = useRef<HTMLDivElement>(null)
  const { width, height } = useSize(box)
  const perPage = tilesPerPage(width, height)
  const pages = Math.max(1, Math.ceil(tiles.length / perPage))
  const current = Math.min(page, pages - 1)
  const shown = tiles.slice(current * perPage, (current + 1) * perPage)
  const grid = gridFor(shown.length, width, height, GAP)
  return (
    <div class="stage">
      <div
        ref={box}
        class="stage-grid"
        style={{
          gridTemplateColumns: `repeat(${String(grid.columns * 2)}, ${String((grid.tileWidth - GAP) / 2)}px)`,
          gridAutoRows: `${String(grid.tileHeight)}px`,
        }}
      >
        {shown.map((tile, index) => (
          <div key={tile.key} class="stage-cell" style={{ gridColumn: columnOf(index, shown.length, grid.columns) }}>
            <TileView model={model} tile={tile} onPin={() => pins.toggle(tile.key)} />
          </div>
        ))}
      </div>
      {own === undefined ? null : <SelfView model={model} tile={own} />}
      {pages > 1 ? <Pages page={current} pages={pages} onPage={onPage} /> : null}
    </div>
  )
}

/** Of two people one looks at the other: one's own picture is small, in a corner. */
function withSelfAside(tiles: readonly Tile[]): { tiles: readonly Tile[]; own?: Tile } {
  const own = tiles.find(({ person }) => person.isSelf)
  const others = tiles.filter((tile) => tile !== own)
  return own === undefined || others.length !== 1 ? { tiles } : { tiles: others, own }
}

function SelfView({ model, tile }: { model: RoomModel; tile: Tile }): VNode {
  return (
    <div class="stage-self">
      <TileView model={model} tile={tile} isSmall />
    </div>
  )
}

/** Two half columns for each tile, so that a last row that is not full stands in the middle. */
function columnOf(index: number, count: number, columns: number): string {
  const inLastRow = count % columns
  const startsLastRow = inLastRow > 0 && index === count - inLastRow
  return startsLastRow ? `${String(columns - inLastRow + 1)} / span 2` : 'span 2'
}

function Pages(props: { page: number; pages: number; onPage: (page: number) => void }): VNode {
  const { page, pages, onPage } = props
  return (
    <nav class="stage-pages" aria-label={say('pages')}>
      <button
        type="button"
        class="bare"
        disabled={page === 0}
        aria-label={say('previousPage')}
        onClick={() => onPage(page - 1)}
      >
        <Icon name="previous" />
      </button>
      <span>{say('pageOf', { page: page + 1, pages })}</span>
      <button
        type="button"
        class="bare"
        disabled={page === pages - 1}
        aria-label={say('nextPage')}
        onClick={() => onPage(page + 1)}
      >
        <Icon name="next" />
      </button>
    </nav>
  )
}

/** One large picture, the others beside it. */
export function SpeakerStage(props: {
  model: RoomModel
  large: Tile | undefined
  small: readonly Tile[]
  /** Absent without pinning. */
  pins?: Pins
}): VNode {
  const { model, large, small, pins } = props
  const [only] = small
  // One's own picture needs no strip.
  if (small.length === 1 && only?.person.isSelf === true && large !== undefined)
    return (
      <div class="stage">
        <div class="stage-large">
          <TileView
            key={large.key}
            model={model}
            tile={large}
            isLarge
            pinned={pins?.pinned === large.key}
            {...pinOf(pins, large.key)}
          />
        </div>
        <SelfView model={model} tile={only} />
      </div>
    )
  return (
    <div class="stage stage-speaker">
      <div class="stage-large">
        {large === undefined ? null : (
          <TileView
            key={large.key}
            model={model}
            tile={large}
            isLarge
            pinned={pins?.pinned === large.key}
            {...pinOf(pins, large.key)}
          />
        )}
      </div>
      {small.length === 0 ? null : (
        <div class="stage-strip" role="group" aria-label={say('others')} tabIndex={0}>
          {small.map((tile) => (
            <div key={tile.key} class="stage-cell">
              <TileView model={model} tile={tile} {...pinOf(pins, tile.key)} />
            </div>
          ))}
        </div>
      )}
    </div>
  )
}

function pinOf(pins: Pins | undefined, key: string): { onPin?: () => void } {
  return pins === undefined ? {} : { onPin: () => pins.toggle(key) }
}
