import type { FlvSpelling } from '@crossroom/media'
import { SilenceFiller, type FanoutRecipe } from '../../hub/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { FlvPacker } from './flv-packer.js'

/** What a player may ask of an FLV stream beyond its name. Viewers of one variant share their bytes. */
export interface FlvVariant {
  /** Names the variant among the fanouts of a stream. */
  readonly name: string
  /** Always an AAC track: silent when there is none or it is late. */
  readonly fillsSilence: boolean
  readonly hevcSpelling: FlvSpelling | undefined
}

/** Reads `?audio=always` and `?hevc=legacy|enhanced`; other values count as absent. */
export function flvVariantOf(query: ReadonlyMap<string, string>): FlvVariant {
  const fillsSilence = query.get('audio') === 'always'
  const hevc = query.get('hevc')
  const hevcSpelling = hevc === 'legacy' || hevc === 'enhanced' ? hevc : undefined
  const name = ['flv', fillsSilence ? 'silence' : '', hevcSpelling ?? ''].filter((part) => part !== '').join('+')
  return { name, fillsSilence, hevcSpelling }
}

export function flvRecipe(variant: FlvVariant, environment: EndpointEnvironment): FanoutRecipe {
  return {
    packer: new FlvPacker(variant.hevcSpelling),
    clock: environment.clock,
    audioMergeMicros: environment.viewerLimits.audioMergeMicros,
    ...(variant.fillsSilence ? { filter: new SilenceFiller() } : {}),
  }
}
