import type { Micros } from '@crossroom/media'
import { compositeLimits } from '../../../../config/limits.js'
import type { CompositeTile } from '../../../ipc/composite-order.js'
import type { Library } from '../library.js'
import { colourOfHue, type Bitmap, type Canvas } from './canvas.js'
import { muteMark } from './mute-mark.js'
import type { PictureInput } from './picture-input.js'
import { PictureScaler, placeIn } from './picture-scaler.js'
import { textBitmap } from './text-bitmap.js'

/** Height of letters in shares of the tile, on its picture and on its plate, and their bounds in pixels. */
const LABEL = 1 / 14
const PLATE = 1 / 7
const LEAST = 12
const MOST = 72
/** A label is no wider than this share of its tile. */
const LABEL_WIDTH = 0.8

/** Paints one tile: the picture with its name, or a plate with the name while there is no picture. */
export class TilePainter {
  readonly #library: Library
  readonly #font: string | undefined
  readonly #scaler: PictureScaler
  #tile: CompositeTile
  #label: Bitmap | undefined
  #plate: Bitmap | undefined
  #mark: Bitmap | undefined
  /** The input and the number of its picture that is on the canvas; `plate`, or undefined when the tile is to be painted anew. */
  #painted: string | undefined
  #shape = ''

  constructor(library: Library, font: string | undefined, tile: CompositeTile) {
    this.#library = library
    this.#font = font
    this.#scaler = new PictureScaler(library)
    this.#tile = tile
    this.#prepare()
  }

  get tile(): CompositeTile {
    return this.#tile
  }

  /** Whatever it has painted is gone, or no longer right. */
  update(tile: CompositeTile): void {
    const before = this.#tile
    this.#tile = tile
    this.#painted = undefined
    const isSame = before.name === tile.name && before.isMuted === tile.isMuted
    if (!isSame || before.place.width !== tile.place.width || before.place.height !== tile.place.height) this.#prepare()
  }

  /** Whether something was painted. `isCovered`: something below it has changed. */
  paint(canvas: Canvas, ground: Canvas, input: PictureInput | undefined, now: Micros, isCovered: boolean): boolean {
    const { isHidden, isLive } = this.#tile
    const age = input?.ageAt(now) ?? Infinity
    const picture = isHidden || (!isLive && age > compositeLimits.holdMicros) ? undefined : input?.picture
    const wanted = picture === undefined ? 'plate' : String(input!.number)
    if (wanted === this.#painted && !isCovered) return false
    this.#painted = wanted
    if (picture === undefined || input === undefined) this.#paintPlate(canvas)
    else this.#paintPicture(canvas, ground, input, picture)
    return true
  }

  close(): void {
    this.#scaler.close()
  }

  #paintPlate(canvas: Canvas): void {
    const { place, hue } = this.#tile
    this.#shape = ''
    canvas.fill(place, colourOfHue(hue))
    const plate = this.#plate
    if (plate !== undefined) {
      const left = place.x + (((place.width - plate.width) >> 2) << 1)
      canvas.paste(plate, left, place.y + (((place.height - plate.height) >> 2) << 1), place)
    }
    this.#paintMark(canvas)
  }

  #paintPicture(
    canvas: Canvas,
    ground: Canvas,
    input: PictureInput,
    picture: NonNullable<PictureInput['picture']>,
  ): void {
    const { place } = this.#tile
    const { orientation } = input
    const isAcross = orientation === 90 || orientation === 270
    const { width, height } = picture
    const within = placeIn(place, isAcross ? { width: height, height: width } : { width, height })
    const shape = `${String(within.x)} ${String(within.y)} ${String(within.width)} ${String(within.height)}`
    // Beside a picture of another shape the background is seen.
    if (shape !== this.#shape) canvas.copy(place, ground)
    this.#shape = shape
    this.#scaler.draw(picture, orientation, canvas, within)
    const label = this.#label
    if (label !== undefined) canvas.paste(label, place.x, place.y + place.height - label.height, place)
    this.#paintMark(canvas)
  }

  #paintMark(canvas: Canvas): void {
    const { place } = this.#tile
    const mark = this.#mark
    if (mark === undefined) return
    canvas.paste(mark, place.x + place.width - mark.width, place.y + place.height - mark.height, place)
  }

  #prepare(): void {
    const { name, isMuted, place } = this.#tile
    const sized = (share: number): number => Math.min(MOST, Math.max(LEAST, Math.round(place.height * share)))
    const write = (size: number, width: number): Bitmap | undefined =>
      this.#font === undefined || name === '' ? undefined : textBitmap(this.#library, this.#font, name, size, width)
    this.#label = write(sized(LABEL), place.width * LABEL_WIDTH)
    this.#plate = write(sized(PLATE), place.width)
    this.#mark = isMuted ? muteMark(Math.round(sized(LABEL)) * 2) : undefined
    this.#shape = ''
  }
}
