/** How tiles of one shape fill a space. Pixels. */
export interface Grid {
  readonly columns: number
  readonly rows: number
  readonly tileWidth: number
  readonly tileHeight: number
}

const ASPECT = 16 / 9
/** Tiles may be a little taller or wider than their picture, which is then cut: more of the space is used. */
const NARROWEST = 4 / 3

/** The columns that make `count` tiles largest in a space; `gap` lies between them. */
export function gridFor(count: number, width: number, height: number, gap: number): Grid {
  let best: Grid = { columns: 1, rows: Math.max(1, count), tileWidth: 0, tileHeight: 0 }
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.ceil(count / columns)
    const roomWidth = (width - gap * (columns - 1)) / columns
    const roomHeight = (height - gap * (rows - 1)) / rows
    if (roomWidth <= 0 || roomHeight <= 0) continue
    const aspect = Math.min(ASPECT, Math.max(NARROWEST, roomWidth / roomHeight))
    const tileWidth = Math.min(roomWidth, roomHeight * aspect)
    const tileHeight = tileWidth / aspect
    if (tileWidth * tileHeight > best.tileWidth * best.tileHeight * 1.001) {
      best = { columns, rows, tileWidth: Math.floor(tileWidth), tileHeight: Math.floor(tileHeight) }
    }
  }
  return best
}

/** Tiles on one page, so that each stays large enough to know a face by. */
export function tilesPerPage(width: number, height: number): number {
  const across = Math.max(1, Math.floor(width / 220))
  const down = Math.max(1, Math.floor(height / 150))
  return Math.max(2, Math.min(16, across * down))
}
