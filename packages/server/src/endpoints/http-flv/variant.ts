import type { FlvSpelling } from '@crossroom/media'
import type { FanoutRecipe, StartsAt } from '../../hub/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { filterOf, filterName, type PlayFilters } from '../play-filters.js'
import { FlvPacker } from './flv-packer.js'

/** What a player may ask of an FLV stream beyond its name. Viewers of one variant share their bytes. */
export interface FlvVariant {
  /** Names the variant among the fanouts of a stream. */
  readonly name: string
  readonly filters: PlayFilters
  readonly hevcSpelling: FlvSpelling | undefined
  readonly startsAt: StartsAt
}

/**
 * Reads `?audio=always` and `?hevc=legacy|enhanced`; other values count as absent. `granted` is what the gate wants,
 * `isBrowser` whether the player decodes by Media Source Extensions.
 */
export function flvVariantOf(query: ReadonlyMap<string, string>, granted: PlayFilters, isBrowser: boolean): FlvVariant {
  const filters = { ...granted, fillsSilence: granted.fillsSilence || query.get('audio') === 'always' }
  const hevc = query.get('hevc')
  const hevcSpelling = hevc === 'legacy' || hevc === 'enhanced' ? hevc : undefined
  const startsAt = isBrowser ? 'keyframe' : 'recovery-point'
  const name = ['flv', filterName(filters), hevcSpelling ?? '', isBrowser ? 'browser' : '']
    .filter((part) => part !== '')
    .join('+')
  return { name, filters, hevcSpelling, startsAt }
}

export function flvRecipe(variant: FlvVariant, environment: EndpointEnvironment): FanoutRecipe {
  const filter = filterOf(variant.filters)
  return {
    packer: new FlvPacker(variant.hevcSpelling),
    clock: environment.clock,
    audioMergeMicros: environment.viewerLimits.audioMergeMicros,
    startsAt: variant.startsAt,
    bridgeOf: environment.bridgeOf,
    ...(filter === undefined ? {} : { filter }),
  }
}
