import type { StreamKey } from '../../hub/index.js'
import { compositeLimits } from '../../config/index.js'
import type { CompositeOutputOrder, CompositeTile } from '../ipc/composite-order.js'
import { placeTiles, type CompositeLayout } from './layout.js'

/** One picture of a room; see `CompositeSource` of the rooms, which this fits by shape. */
export interface SceneSource {
  readonly key: StreamKey
  readonly name: string
  /** Stays the same for the same person. */
  readonly person: string
  readonly isMuted: boolean
  readonly isHidden: boolean
  readonly isLive: boolean
}

/** What a composite shows and plays at the moment. */
export interface Scene {
  readonly layout: CompositeLayout
  readonly names: boolean
  /** `#rrggbb`. */
  readonly colour: string
  /** The most important first. */
  readonly pictures: readonly SceneSource[]
  readonly sounds: readonly StreamKey[]
}

export interface CompositeFormat {
  readonly width: number
  readonly height: number
  readonly fps: number
}

/** Those that the layout shows, in its order. */
export function shownIn({ layout, pictures }: Scene, { width, height }: CompositeFormat): readonly SceneSource[] {
  const distinct = [...new Map(pictures.map((picture) => [picture.key.text, picture])).values()]
  const asked = distinct.slice(0, compositeLimits.tiles)
  return asked.slice(0, placeTiles(layout, asked.length, width, height).length)
}

/** `inputs`: of those that are shown, in their order. */
export function orderOf(
  scene: Scene,
  format: CompositeFormat,
  inputs: readonly number[],
  more: { readonly image?: number | undefined; readonly font?: string | undefined },
): CompositeOutputOrder {
  const shown = shownIn(scene, format)
  const places = placeTiles(scene.layout, shown.length, format.width, format.height)
  const tiles = shown.map((picture, index): CompositeTile => ({
    input: inputs[index]!,
    place: places[index]!,
    name: scene.names ? picture.name : '',
    hue: hueOf(picture.person),
    isMuted: picture.isMuted,
    isHidden: picture.isHidden,
    isLive: picture.isLive,
  }))
  return {
    kind: 'composite-output',
    ...format,
    tiles,
    colour: scene.colour,
    ...(more.image === undefined ? {} : { image: more.image }),
    ...(more.font === undefined ? {} : { font: more.font }),
  }
}

/** Degrees; neighbours in the alphabet are far apart. */
function hueOf(person: string): number {
  let hash = 0
  for (const char of person) hash = (Math.imul(hash, 31) + char.codePointAt(0)!) & 0xffff
  return (hash * 137) % 360
}
