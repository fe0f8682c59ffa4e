import type { Library } from '../library.js'
import type { Bitmap } from './canvas.js'

/** Luma of the letters and behind them. */
const INK = 235
const PAPER = 26
/** Room around the letters, in shares of their size. */
const MARGIN = 0.35
/** Letters of this luma belong to the text. */
const VISIBLE = 24

/**
 * A line of text as white letters on dark ground, not wider than `maxWidth`; undefined where nothing of it can be seen.
 * Throws when the font cannot be read. Made once per name: it builds a filter of its own.
 */
export function textBitmap(
  library: Library,
  font: string,
  text: string,
  size: number,
  maxWidth: number,
): Bitmap | undefined {
  const margin = Math.round(size * MARGIN)
  const height = even(size + 2 * margin)
  const grey = drawText(library, font, text, { width: even(maxWidth), height, size, margin })
  const end = lastColumn(grey, even(maxWidth), height)
  if (end === 0) return undefined
  const width = Math.min(even(maxWidth), even(end + margin + 1))
  const y = new Uint8Array(width * height)
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      y[row * width + column] = PAPER + (grey[row * even(maxWidth) + column]! * (INK - PAPER)) / 255
  const chroma = new Uint8Array((width * height) / 4).fill(128)
  return { width, height, y, u: chroma, v: chroma }
}

interface Sheet {
  readonly width: number
  readonly height: number
  readonly size: number
  readonly margin: number
}

/** The options are given as a dictionary: in a description of a filter, names of people would have to be escaped. */
function drawText(library: Library, font: string, text: string, { width, height, size, margin }: Sheet): Uint8Array {
  const { Dictionary, Filter, FilterGraph, Frame } = library
  const graph = new FilterGraph()
  const frame = new Frame()
  frame.alloc()
  graph.alloc()
  try {
    const named = (name: string) => Filter.getByName(name)!
    const source = graph.createFilter(named('color'), 'in', `color=black:size=${String(width)}x${String(height)}`)
    const letters = graph.allocFilter(named('drawtext'), 'text')
    const format = graph.createFilter(named('format'), 'grey', 'pix_fmts=gray')
    const sink = graph.createFilter(named('buffersink'), 'out')
    if (source === null || letters === null || format === null || sink === null) throw new Error('No filter for text')
    const options = { fontfile: font, text, expansion: 'none', fontsize: String(size), fontcolor: 'white' }
    // Letters of every alphabet stand on one line, whatever their heights.
    const place = { x: String(margin), y: `${String(margin)}+(${String(size)}-ascent+descent)/2` }
    const dictionary = Dictionary.fromObject({ ...options, ...place })
    const opened = letters.init(dictionary.getNative())
    dictionary.free()
    const isLinked = source.link(0, letters, 0) >= 0 && letters.link(0, format, 0) >= 0 && format.link(0, sink, 0) >= 0
    if (opened < 0 || !isLinked || graph.configSync() < 0) throw new Error('The font cannot be used')
    if (sink.buffersinkGetFrameSync(frame) < 0) throw new Error('The text cannot be drawn')
    return rowsOf(frame.data![0]!, frame.linesize[0]!, width, height)
  } finally {
    frame.free()
    graph.free()
  }
}

function rowsOf(plane: Uint8Array, stride: number, width: number, height: number): Uint8Array {
  const rows = new Uint8Array(width * height)
  for (let row = 0; row < height; row++) rows.set(plane.subarray(row * stride, row * stride + width), row * width)
  return rows
}

/** One behind the last column with ink. */
function lastColumn(grey: Uint8Array, width: number, height: number): number {
  for (let column = width - 1; column >= 0; column--)
    for (let row = 0; row < height; row++) if (grey[row * width + column]! > VISIBLE) return column + 1
  return 0
}

function even(pixels: number): number {
  return Math.floor(pixels / 2) * 2
}
