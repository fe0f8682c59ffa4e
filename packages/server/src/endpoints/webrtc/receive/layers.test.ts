import type { Micros, VideoConfig, VideoFrame } from '@crossroom/media'
import { expect, test } from 'vitest'
import { Layers } from './layers.js'

const MS: Micros = 1000
const INTERVAL = 40 * MS

const configOf = (width: number, height: number): VideoConfig => ({
  ...{ kind: 'video', codec: 'h264', description: Uint8Array.of(1), parameterSets: [], nalLengthSize: 4 },
  ...{ width, height, codecString: 'avc1.42e01f', orientation: 0 },
})

const HIGH = configOf(1280, 720)
const LOW = configOf(320, 180)

const frameOf = (config: VideoConfig, at: Micros, keyframe: boolean): VideoFrame => ({
  ...{ config, pts: at, dts: at, keyframe, units: [Uint8Array.of(1)], receivedAt: at, droppable: false },
})

/** A sender of two layers that answers a keyframe request with its next frame. */
class Sender {
  readonly layers: Layers
  readonly sending = new Set(['h', 'l'])
  /** Layers whose next frame is a keyframe. */
  readonly keyframes = new Set(['h', 'l'])
  readonly main: { readonly rid: string; readonly at: Micros; readonly keyframe: boolean }[] = []
  readonly small: { readonly rid: string; readonly at: Micros; readonly keyframe: boolean }[] = []
  readonly asked: string[] = []
  answersRequests = true
  now: Micros = 0

  constructor(order: readonly string[]) {
    this.layers = new Layers(order)
  }

  run(seconds: number): this {
    for (const end = this.now + seconds * 1000 * MS; this.now < end; this.now += INTERVAL)
      for (const rid of this.sending) this.#send(rid)
    return this
  }

  #send(rid: string): void {
    const keyframe = this.keyframes.delete(rid)
    const verdict = this.layers.take(rid, frameOf(rid === 'h' ? HIGH : LOW, this.now, keyframe))
    const entry = { rid, at: this.now, keyframe }
    if (verdict.main) this.main.push(entry)
    if (verdict.small) this.small.push(entry)
    if (!verdict.wantsKeyframe) return
    this.asked.push(rid)
    if (this.answersRequests) this.keyframes.add(rid)
  }
}

function longestGap(frames: readonly { readonly at: Micros }[]): Micros {
  return Math.max(...frames.slice(1).map(({ at }, index) => at - frames[index]!.at))
}

/** Every change of layer begins with a keyframe, else a decoder would show rubbish. */
function changesAtKeyframes(frames: Sender['main']): boolean {
  return frames.every(({ rid, keyframe }, index) => keyframe || frames[index - 1]?.rid === rid)
}

test.each([[['h', 'l']], [['l', 'h']]])(
  'the larger picture is the stream, however the layers are listed: %j',
  (order) => {
    const sender = new Sender(order).run(2)
    expect(sender.layers.main).toBe('h')
    expect(sender.layers.small).toBe('l')
    expect(sender.main.at(-1)?.rid).toBe('h')
    expect(new Set(sender.small.map(({ rid }) => rid))).toEqual(new Set(['l']))
    expect(sender.small[0]?.keyframe).toBe(true)
    expect(changesAtKeyframes(sender.main)).toBe(true)
  },
)

test('the better layer is lost: the lower one steps in within a second, and gives way when it is back', () => {
  const sender = new Sender(['h', 'l']).run(2)
  sender.sending.delete('h')
  sender.run(5)
  expect(sender.main.at(-1)?.rid).toBe('l')
  expect(sender.asked).toContain('l')
  sender.sending.add('h')
  sender.keyframes.add('h')
  sender.run(3)
  expect(sender.main.at(-1)?.rid).toBe('h')
  expect(longestGap(sender.main)).toBeLessThan(700 * MS)
  expect(changesAtKeyframes(sender.main)).toBe(true)
  expect(longestGap(sender.small)).toBe(INTERVAL)
})

test('a better layer that comes back without a keyframe is asked for one, and the lower one flows until then', () => {
  const sender = new Sender(['h', 'l']).run(1)
  sender.sending.delete('h')
  sender.run(2)
  sender.sending.add('h')
  sender.run(3)
  expect(sender.asked).toContain('h')
  expect(sender.main.at(-1)?.rid).toBe('h')
  expect(longestGap(sender.main)).toBeLessThan(700 * MS)
})

test('a sender that ignores the request keeps its layer', () => {
  const sender = new Sender(['h', 'l']).run(1)
  sender.sending.delete('h')
  sender.run(2)
  sender.sending.add('h')
  sender.answersRequests = false
  sender.run(3)
  expect(sender.main.at(-1)?.rid).toBe('l')
  expect(sender.main.at(-1)?.at).toBe(sender.now - INTERVAL)
})

test('a lower layer that comes alone, as on a thin path, is the stream, and there is no lower stream', () => {
  const sender = new Sender(['h', 'l'])
  sender.sending.delete('h')
  sender.run(2)
  expect(sender.main.map(({ rid }) => rid)).not.toContain('h')
  expect(sender.main.length).toBe(50)
  expect(sender.small).toEqual([])
})

test('the sender changes the size of its picture: the layers keep their places while one is ahead of the other', () => {
  const layers = new Layers(['h', 'l'])
  layers.take('h', frameOf(HIGH, 0, true))
  layers.take('l', frameOf(LOW, 0, true))
  expect(layers.take('h', frameOf(configOf(160, 90), INTERVAL, true)).main).toBe(true)
  expect(layers.small).toBe('l')
  expect(layers.take('l', frameOf(configOf(80, 45), INTERVAL, true)).main).toBe(false)
})

test('every packet belongs to the stream without simulcast', () => {
  const layers = new Layers([])
  expect(layers.take(undefined, frameOf(HIGH, 0, true))).toMatchObject({ main: true, small: false })
  expect(layers.take(undefined, frameOf(HIGH, INTERVAL, false))).toMatchObject({ main: true, wantsKeyframe: false })
})
