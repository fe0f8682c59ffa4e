import { splitVp9Superframe, Vp9HeaderReader } from '@crossroom/media'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buildVp9Frame } from '../../../media/src/vp9/frames.fake.js'
import { Vp9Depacketizer } from './vp9.js'

const SIZES = [
  { width: 320, height: 180 },
  { width: 640, height: 360 },
  { width: 1280, height: 720 },
] as const

interface LayerPayload {
  readonly layer: number
  readonly keyframe?: boolean
  readonly dependsOnLower?: boolean
}

/** A payload of a whole layer in flexible mode, as libwebrtc sends it (RFC 9628 section 4.2). */
function payloadOf({ layer, keyframe = false, dependsOnLower = false }: LayerPayload): Uint8Array {
  const isPredicted = !keyframe && !dependsOnLower
  const frame = buildVp9Frame({ keyframe, ...SIZES[layer]!, refreshes: 1 << layer })
  const flags = 0x80 | (isPredicted ? 0x40 : 0) | 0x20 | 0x10 | 0x08 | 0x04
  const descriptor = [flags, 0x01, (layer << 1) | (dependsOnLower ? 1 : 0), ...(isPredicted ? [0x02] : [])]
  return Uint8Array.from([...descriptor, ...frame])
}

/** The widths of what of each picture is shown. */
class Watcher {
  readonly #depacketizer = new Vp9Depacketizer()
  readonly #headers = new Vp9HeaderReader()

  /** `lost` when only a keyframe helps, nothing while a layer is waited for. */
  picture(...layers: LayerPayload[]): { shown: number[]; keyframe: boolean } | 'lost' {
    for (const layer of layers) this.#depacketizer.push(payloadOf(layer))
    const frame = this.#depacketizer.finish()
    if (frame === undefined) return 'lost'
    const headers = frame.units.flatMap((unit) => splitVp9Superframe(unit)).map((part) => this.#headers.read(part)!)
    const shown = headers.filter((header) => header.shown).map(({ width }) => width)
    expect(shown).toEqual(frame.size === undefined ? [] : [frame.size.width])
    if (shown.length > 0) expect(headers.at(-1)!.shown).toBe(true)
    return { shown, keyframe: frame.keyframe }
  }
}

const key = [
  { layer: 0, keyframe: true },
  { layer: 1, dependsOnLower: true },
  { layer: 2, dependsOnLower: true },
]
const all = [{ layer: 0 }, { layer: 1 }, { layer: 2 }]

test('the highest of three layers of a picture is shown, once', () => {
  const watcher = new Watcher()
  expect(watcher.picture(...key)).toEqual({ shown: [1280], keyframe: true })
  expect(watcher.picture(...all)).toEqual({ shown: [1280], keyframe: false })
})

test('a layer that comes without a keyframe is shown at once', () => {
  const watcher = new Watcher()
  watcher.picture({ layer: 0, keyframe: true })
  expect(watcher.picture({ layer: 0 }, { layer: 1, dependsOnLower: true })).toEqual({ shown: [640], keyframe: false })
})

test('a layer that is left out of some pictures is waited for; one that is gone is not', () => {
  const watcher = new Watcher()
  watcher.picture(...key)
  const lower = all.slice(0, 2)
  for (let count = 0; count < 5; count++) expect(watcher.picture(...lower)).toEqual({ shown: [], keyframe: false })
  expect(watcher.picture(...lower)).toEqual({ shown: [640], keyframe: false })
  expect(watcher.picture(...lower)).toEqual({ shown: [640], keyframe: false })
  expect(watcher.picture(...all)).toEqual({ shown: [1280], keyframe: false })
  expect(watcher.picture(...lower)).toEqual({ shown: [], keyframe: false })
  expect(watcher.picture(...key.slice(0, 2))).toEqual({ shown: [640], keyframe: true })
})

test('only the highest of independent layers is kept, until it has gone', () => {
  const watcher = new Watcher()
  const keys = all.map(({ layer }) => ({ layer, keyframe: true }))
  expect(watcher.picture(...keys)).toEqual({ shown: [1280], keyframe: true })
  expect(watcher.picture(...all)).toEqual({ shown: [1280], keyframe: false })
  for (let count = 0; count < 5; count++)
    expect(watcher.picture(...all.slice(0, 2))).toEqual({ shown: [], keyframe: false })
  expect(watcher.picture(...all.slice(0, 2))).toBe('lost')
  expect(watcher.picture(...keys.slice(0, 2))).toEqual({ shown: [640], keyframe: true })
  expect(watcher.picture({ layer: 0 }, { layer: 1 }, { layer: 2, keyframe: true })).toEqual({
    shown: [1280],
    keyframe: true,
  })
})

test('for any layers a picture is shown at most once, and the output lags the best layer by five pictures at most', () => {
  const tops = fc.array(fc.record({ top: fc.integer({ min: 0, max: 2 }), keyframe: fc.boolean() }), { maxLength: 60 })
  fc.assert(
    fc.property(tops, (pictures) => {
      const watcher = new Watcher()
      let dark = 0
      for (const { top, keyframe } of [{ top: 1, keyframe: true }, ...pictures]) {
        const layers = (keyframe ? key : all).slice(0, top + 1)
        const { shown } = watcher.picture(...layers) as { shown: number[] }
        expect(shown.length === 0 || shown[0] === SIZES[top]!.width).toBe(true)
        dark = shown.length === 0 ? dark + 1 : 0
        expect(dark).toBeLessThanOrEqual(5)
      }
    }),
  )
})
