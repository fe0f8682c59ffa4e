import { drawClock } from './clock-picture.js'
import { widthOf, write } from './letters.js'
import { blankPicture, both, box, colour, copyPicture, ellipse, fill, stroke, type Picture } from './painter.js'

const WALL = [colour('#f4c9a0'), colour('#d98e73')] as const
const SKY = [colour('#4f8fc4'), colour('#f6d7a8')] as const
const SUN = colour('#fff0c2')
const HILLS = [colour('#7c9fa8'), colour('#58808b'), colour('#3b6670')] as const
const FRAME = colour('#fff6ea')
const DESK = [colour('#6b4636'), colour('#4d3027')] as const
const SKIN = [colour('#f2c6a4'), colour('#dea583')] as const
const NECK = [colour('#c98d6b'), colour('#dea583')] as const
const BLUSH = colour('#ea9c86')
const HAIR = [colour('#3b2a2f'), colour('#22181c')] as const
const SHIRT = [colour('#19967f'), colour('#0b5d50')] as const
const COLLAR = colour('#f5efe6')
const INK = colour('#2a1f24')
const LIPS = colour('#a8483f')
const LEAF = [colour('#4f9a68'), colour('#27633f')] as const
const POT = [colour('#e8e0d4'), colour('#b8a999')] as const
const CARD = colour('#1d2a33')
const DIGITS = colour('#ffffff')
const NAME = colour('#9fe5d4')
const WHITE = colour('#ffffff')

/** Where things stand, in shares of a picture 640 × 360 or 360 × 640. */
interface Plan {
  readonly width: number
  readonly height: number
  readonly window: readonly [left: number, top: number, width: number, height: number]
  readonly card: readonly [left: number, top: number, width: number, height: number]
  /** The middle of the face. */
  readonly face: readonly [x: number, y: number]
  readonly size: number
  readonly desk: number
  readonly plant: readonly [x: number, y: number]
}

const LANDSCAPE: Plan = {
  ...{ width: 640, height: 360, window: [36, 44, 250, 190], card: [44, 236, 234, 92], face: [444, 150], size: 1 },
  ...{ desk: 318, plant: [598, 318] },
}
const PORTRAIT: Plan = {
  ...{ width: 360, height: 640, window: [28, 58, 180, 220], card: [60, 506, 240, 92], face: [186, 268], size: 1.08 },
  ...{ desk: 560, plant: [328, 562] },
}

const BLINK_EVERY_MS = 3_700
const BLINK_MS = 160
const WAVE_EVERY_MS = 9_000
const WAVE_MS = 3_600

/** A person at a desk by a window, a clock, and a name: painted once for each size, and then only what moves. */
export class Scene {
  readonly #name: string
  #still: Picture | undefined

  /** `name` stands under the clock. */
  constructor(name: string) {
    this.#name = name
  }

  /** Paints the picture of this moment; the clock that programs read lies over its first rows. */
  paint(picture: Picture, nowMs: number): void {
    const { width, height } = picture
    if (this.#still?.width !== width || this.#still.height !== height) {
      this.#still = blankPicture(width, height)
      paintRoom(this.#still)
      paintPerson(this.#still)
      paintCard(this.#still, this.#name)
    }
    copyPicture(this.#still, picture)
    paintEyes(picture, nowMs)
    paintArm(picture, nowMs)
    paintTime(picture, nowMs)
    drawClock(picture, nowMs)
  }
}

/** Shapes at the plan's places and sizes, in the picture's pixels. */
function draft({ width, height }: Picture) {
  const plan = width >= height ? LANDSCAPE : PORTRAIT
  const [across, down] = [width / plan.width, height / plan.height]
  const scale = Math.min(across, down)
  return {
    plan,
    scale,
    box: (left: number, top: number, wide: number, high: number, radius = 0) =>
      box(left * across, top * down, wide * across, high * down, radius * scale),
    ellipse: (x: number, y: number, rx: number, ry: number) => ellipse(x * across, y * down, rx * across, ry * down),
    /** Around the face, where shapes keep their own proportions. */
    near: (dx: number, dy: number): [number, number] => [
      plan.face[0] * across + dx * scale * plan.size,
      plan.face[1] * down + dy * scale * plan.size,
    ],
    size: scale * plan.size,
  }
}

function paintRoom(picture: Picture): void {
  const { plan, box: place, ellipse: round } = draft(picture)
  const [left, top, width, height] = plan.window
  fill(picture, place(0, 0, plan.width, plan.height), ...WALL)
  // Under the clock that programs read, whose blocks have no colour of their own.
  fill(picture, place(0, 0, plan.width, plan.width > plan.height ? 16 : 36), CARD)
  fill(picture, place(left - 9, top - 9, width + 18, height + 18, 12), FRAME)
  const pane = place(left, top, width, height, 6)
  fill(picture, pane, ...SKY)
  fill(picture, both(round(left + width * 0.72, top + height * 0.42, 26, 26), pane), SUN)
  for (const [index, hill] of HILLS.entries()) {
    const shape = round(
      left + width * (0.1 + 0.38 * index),
      top + height * (1.1 + 0.09 * index),
      width * 0.52,
      height * 0.5,
    )
    fill(picture, both(shape, pane), hill)
  }
  fill(picture, place(left + width / 2 - 4, top, 8, height), FRAME)
  fill(picture, place(left - 16, top + height + 8, width + 32, 10, 4), FRAME)
  const [x, y] = plan.plant
  for (const [dx, dy, rx, ry] of [
    [-24, -74, 13, 34],
    [22, -80, 12, 36],
    [-6, -98, 12, 42],
    [8, -60, 20, 24],
  ] as const)
    fill(picture, round(x + dx, y + dy, rx, ry), ...LEAF)
  fill(picture, place(x - 26, y - 48, 52, 50, 9), ...POT)
}

function paintPerson(picture: Picture): void {
  const { plan, box: place, near, size } = draft(picture)
  const oval = (dx: number, dy: number, rx: number, ry: number) => ellipse(...near(dx, dy), rx * size, ry * size)
  fill(picture, oval(0, -14, 62, 74), ...HAIR)
  fill(picture, oval(0, 208, 128, 122), ...SHIRT)
  const [neckX, neckY] = near(-21, 40)
  fill(picture, box(neckX, neckY, 42 * size, 60 * size, 20 * size), ...NECK)
  for (const side of [-1, 1]) fill(picture, stroke(...near(side * 24, 86), ...near(side * 3, 108), 7 * size), COLLAR)
  fill(picture, oval(-55, 6, 9, 13), SKIN[1])
  fill(picture, oval(55, 6, 9, 13), SKIN[1])
  fill(picture, oval(0, 2, 54, 62), ...SKIN)
  fill(picture, both(oval(-6, -46, 60, 34), oval(0, -4, 58, 70)), ...HAIR)
  for (const side of [-1, 1]) {
    fill(picture, oval(side * 32, 22, 12, 8), BLUSH, BLUSH, 0.5)
    fill(picture, stroke(...near(side * 30, -16), ...near(side * 13, -18), 2.6 * size), HAIR[1])
  }
  fill(picture, stroke(...near(-1, 6), ...near(-5, 18), 2 * size), SKIN[1])
  fill(picture, both(oval(0, 26, 20, 17), box(...near(-26, 30), 52 * size, 30 * size)), LIPS)
  fill(picture, both(oval(0, 25, 15, 10), box(...near(-20, 30), 40 * size, 20 * size)), WHITE)
  fill(picture, place(0, plan.desk, plan.width, plan.height - plan.desk), ...DESK)
}

function paintCard(picture: Picture, name: string): void {
  const { plan, scale, box: place } = draft(picture)
  const [left, top, width, height] = plan.card
  const card = place(left, top, width, height, 14)
  fill(picture, card, CARD, CARD, 0.9)
  const letters = Math.min(15 * scale, ((width - 36) * scale * 1.05) / Math.max(1, name.length))
  const x = (card.left + card.right - widthOf(name, letters)) / 2
  write(picture, name, { x, y: card.bottom - 15 * scale - letters, height: letters, colour: NAME, weight: 0.09 })
}

function paintTime(picture: Picture, nowMs: number): void {
  const { plan, scale, box: place } = draft(picture)
  const card = place(...plan.card)
  const time = new Date(nowMs).toTimeString().slice(0, 8)
  const height = 28 * scale
  const x = (card.left + card.right - widthOf(time, height)) / 2
  write(picture, time, { x, y: card.top + 17 * scale, height, colour: DIGITS, weight: 0.085 })
}

function paintEyes(picture: Picture, nowMs: number): void {
  const { near, size } = draft(picture)
  const isClosed = nowMs % BLINK_EVERY_MS < BLINK_MS
  for (const side of [-1, 1]) {
    if (isClosed) {
      fill(picture, stroke(...near(side * 22 - 7, 1), ...near(side * 22 + 7, 1), 2 * size), INK)
      continue
    }
    fill(picture, ellipse(...near(side * 22, 0), 9 * size, 7 * size), WHITE)
    fill(picture, ellipse(...near(side * 22 + 3 * Math.sin(nowMs / 1900), 0), 4.6 * size, 5.4 * size), INK)
  }
}

/** An arm that waves now and then and rests beside the person otherwise. */
function paintArm(picture: Picture, nowMs: number): void {
  const { near, size } = draft(picture)
  const into = nowMs % WAVE_EVERY_MS
  const raised = into < WAVE_MS ? Math.sin((into / WAVE_MS) * Math.PI) ** 0.5 : 0
  const swing = raised * Math.sin(into / 130) * 15
  const elbow = [-112, 160] as const
  const hand = [-96 - raised * 18 + swing, 198 - raised * 128 - Math.cos(nowMs / 900) * 2] as const
  const at = (share: number): [number, number] =>
    near(elbow[0] + (hand[0] - elbow[0]) * share, elbow[1] + (hand[1] - elbow[1]) * share)
  fill(picture, stroke(...near(-88, 130), ...near(...elbow), 25 * size), SHIRT[0], SHIRT[1])
  fill(picture, stroke(...at(0), ...at(0.72), 20 * size), SHIRT[0], SHIRT[1])
  fill(picture, stroke(...at(0.72), ...at(0.9), 13 * size), SKIN[1])
  fill(picture, ellipse(...at(1), 17 * size, 19 * size), ...SKIN)
  if (raised < 0.35) return
  const lean = swing / 60
  for (const [index, length] of [20, 27, 28, 24].entries()) {
    const angle = (index - 1.5) * 0.24 + lean
    const tip = near(hand[0] + Math.sin(angle) * (14 + length), hand[1] - Math.cos(angle) * (14 + length))
    fill(
      picture,
      stroke(...near(hand[0] + Math.sin(angle) * 10, hand[1] - Math.cos(angle) * 8), ...tip, 5 * size),
      SKIN[0],
    )
  }
  fill(picture, stroke(...near(hand[0] + 8, hand[1]), ...near(hand[0] + 25, hand[1] - 12), 5.2 * size), SKIN[0])
}
