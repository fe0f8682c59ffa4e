/** How tiles of one shape fill a space. Pixels. */
export interface Grid {
  readonly columns: number
  readonly rows: number
  readonly tileWidth: number
  readonly tileHeight: number
}

const ASPECT = 16 / 9
/** Tiles may be a little taller or wider than their picture: more of the space is used. A phone held upright has tall ones. */
const NARROWEST = 4 / 3
const NARROWEST_UPRIGHT = 3 / 4
/** One tile alone is as tall as what another phone sends. */
const NARROWEST_ALONE = 9 / 16
/** Below this width, in pixels, a space is that of a phone. */
const PHONE_WIDTH = 560
/** A tile is filled when no more of its picture is lost than this share; else all of it is seen. */
const MOST_LOST = 0.25

/** How a picture sits in a box: it fills it where little is lost. Sizes in any unit; 0 is unknown. */
export function fitOf(
  picture: { width: number; height: number },
  box: { width: number; height: number },
): 'cover' | 'contain' {
  if (picture.width === 0 || picture.height === 0 || box.width === 0 || box.height === 0) return 'cover'
  const share = (picture.width / picture.height / box.width) * box.height
  return 1 - Math.min(share, 1 / share) > MOST_LOST ? 'contain' : 'cover'
}

/** The columns that make `count` tiles largest in a space; `gap` lies between them. */
export function gridFor(count: number, width: number, height: number, gap: number): Grid {
  const upright = count === 1 ? NARROWEST_ALONE : NARROWEST_UPRIGHT
  const narrowest = width < height ? upright : NARROWEST
  let best: Grid = { columns: 1, rows: Math.max(1, count), tileWidth: 0, tileHeight: 0 }
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.ceil(count / columns)
    const roomWidth = (width - gap * (columns - 1)) / columns
    const roomHeight = (height - gap * (rows - 1)) / rows
    if (roomWidth <= 0 || roomHeight <= 0) continue
    const aspect = Math.min(ASPECT, Math.max(narrowest, roomWidth / roomHeight))
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
  const isPhone = width < PHONE_WIDTH
  const across = Math.max(1, Math.floor(width / (isPhone ? 150 : 220)))
  const down = Math.max(1, Math.floor(height / (isPhone ? 105 : 150)))
  return Math.max(2, Math.min(16, across * down))
}
