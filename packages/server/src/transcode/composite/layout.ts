import type { Rect } from '../ipc/composite-order.js'

/** How the pictures of a composite are placed. `one`: a single picture alone. */
export type CompositeLayout = 'grid' | 'speaker' | 'pip' | 'one'

export const COMPOSITE_LAYOUTS = ['grid', 'speaker', 'pip', 'one'] as const satisfies readonly CompositeLayout[]

/** Between two tiles, in pixels. */
const GAP = 4
/** Pictures are best shown in this shape. */
const ASPECT = 16 / 9
/** Beside a big picture the others take this share of the longer side. */
const STRIP = 1 / 5
/** An inset takes this share of the canvas. */
const INSET = 1 / 4
const INSETS = 3

/**
 * The places of up to `count` tiles, in drawing order; the first is for the most important one. Fewer than `count` where
 * the layout shows no more.
 */
export function placeTiles(layout: CompositeLayout, count: number, width: number, height: number): Rect[] {
  if (count === 0) return []
  const whole = { x: 0, y: 0, width, height }
  if (count === 1 || layout === 'one') return [whole]
  if (layout === 'grid') return grid(count, width, height)
  return layout === 'speaker' ? speaker(count, width, height) : [whole, ...insets(count - 1, width, height)]
}

/** The columns that give the biggest tiles, the more of those that give the same; the last row is in the middle. */
function grid(count: number, width: number, height: number): Rect[] {
  const columns = columnsFor(count, width, height)
  const rows = Math.ceil(count / columns)
  const cell = {
    width: even((width - GAP * (columns - 1)) / columns),
    height: even((height - GAP * (rows - 1)) / rows),
  }
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns)
    const inRow = row === rows - 1 ? count - row * columns : columns
    const left = even((width - inRow * cell.width - GAP * (inRow - 1)) / 2)
    return { x: left + (index % columns) * (cell.width + GAP), y: row * (cell.height + GAP), ...cell }
  })
}

function columnsFor(count: number, width: number, height: number): number {
  let best = { columns: 1, size: 0 }
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns)
    const size = Math.min(width / columns / ASPECT, height / rows)
    if (size > best.size - 1e-9) best = { columns, size }
  }
  return best.columns
}

/** One big, the others in a column at its right; in an upright canvas in a row below it. */
function speaker(count: number, width: number, height: number): Rect[] {
  const others = count - 1
  if (width >= height) {
    const side = { width: even(width * STRIP), height: even((width * STRIP) / ASPECT) }
    const shown = Math.min(others, Math.floor((height + GAP) / (side.height + GAP)))
    const x = width - side.width
    const big = { x: 0, y: 0, width: even(x - GAP), height }
    return [big, ...Array.from({ length: shown }, (_, index) => ({ x, y: index * (side.height + GAP), ...side }))]
  }
  const side = { width: even(height * STRIP), height: even(height * STRIP) }
  const shown = Math.min(others, Math.floor((width + GAP) / (side.width + GAP)))
  const y = height - side.height
  const big = { x: 0, y: 0, width, height: even(y - GAP) }
  return [big, ...Array.from({ length: shown }, (_, index) => ({ x: index * (side.width + GAP), y, ...side }))]
}

/** In the lower right corner, and above each other. */
function insets(count: number, width: number, height: number): Rect[] {
  const size = { width: even(width * INSET), height: even(height * INSET) }
  const margin = 4 * GAP
  const fit = Math.floor((height - margin) / (size.height + GAP))
  return Array.from({ length: Math.min(count, INSETS, Math.max(1, fit)) }, (_, index) => ({
    x: even(Math.max(0, width - size.width - margin)),
    y: even(Math.max(0, height - margin - (index + 1) * size.height - index * GAP)),
    ...size,
  }))
}

function even(pixels: number): number {
  return Math.floor(pixels / 2) * 2
}
