import type { AudioCodec, CodecConfig, Micros, VideoCodec } from '@crossroom/media'
import type { PlayerNeeds } from '../hub/index.js'

/** The codec processes. Video has its own, because a frame of it may take as long as a hundred of audio. */
export type Lane = 'audio' | 'video'

/** Those, and the process of a room that composes pictures. */
export type ProcessName = Lane | 'composite'

export type RecipeName =
  'audio-to-opus' | 'audio-to-aac' | 'video-without-b-frames' | 'video-to-vp8' | 'video-to-h264' | 'video-in-slices'

/** One conversion that is possible. */
export interface Recipe {
  readonly name: RecipeName
  readonly lane: Lane
  readonly from: readonly (AudioCodec | VideoCodec)[]
  readonly to: AudioCodec | VideoCodec
  /** See `PlayerNeeds.isInSlices`. */
  readonly isInSlices?: true
}

/** Codecs of Flash's FLV that cameras still send, mainly G.711. */
const LEGACY_SOUND = ['pcma', 'pcmu', 'pcm', 'adpcm', 'nellymoser', 'speex'] as const

/**
 * What can become what: the one table. A conversion from a codec to itself takes its frames out of order away
 * (see `PlayerNeeds.reordered`), and makes keyframes where the source has none (see `PlayerNeeds.isMadeAnew`).
 */
export const RECIPES: readonly Recipe[] = [
  { name: 'audio-to-opus', lane: 'audio', from: ['aac', 'mp3', ...LEGACY_SOUND], to: 'opus' },
  { name: 'audio-to-aac', lane: 'audio', from: ['opus', 'mp3', ...LEGACY_SOUND], to: 'aac' },
  { name: 'video-without-b-frames', lane: 'video', from: ['h264'], to: 'h264' },
  { name: 'video-to-vp8', lane: 'video', from: ['h264', 'h265', 'vp8', 'vp9', 'av1'], to: 'vp8' },
  { name: 'video-to-h264', lane: 'video', from: ['h265', 'vp8', 'vp9', 'av1'], to: 'h264' },
  { name: 'video-in-slices', lane: 'video', from: ['h264', 'h265', 'vp8', 'vp9', 'av1'], to: 'h264', isInSlices: true },
]

/** The treatment of a track: pass it on, convert it, or omit it because it cannot be converted for the viewer. */
export type Plan = 'pass' | 'omit' | Recipe

/** The plan for a track. `reordered`: its frames are known to come in another order than they are shown. */
export function planTrack(config: CodecConfig, needs: PlayerNeeds, reordered: boolean): Plan {
  const wanted: readonly string[] = config.kind === 'audio' ? needs.audio : needs.video
  const isVideo = config.kind === 'video'
  const isMadeAnew = isVideo && (needs.isMadeAnew === true || needs.isInSlices === true)
  if (!isMadeAnew && wanted.includes(config.codec) && (needs.reordered || !reordered)) return 'pass'
  for (const to of wanted) {
    const recipe = RECIPES.find(
      (entry) =>
        entry.to === to && entry.from.includes(config.codec) && (!isVideo || entry.isInSlices === needs.isInSlices),
    )
    if (recipe !== undefined) return recipe
  }
  return 'omit'
}

/** Told to the codec process: make Opus or AAC. */
export interface AudioOrder {
  readonly kind: 'audio'
  readonly to: 'opus' | 'aac'
  /** Channels of the output; absent, those of the input, at most two. */
  readonly channels?: 1 | 2
  /** Bits per second for mono and for stereo. */
  readonly bitrate: { readonly mono: number; readonly stereo: number }
  /** Opus: repair data for the frame before in each frame, where the codec finds it worth while. */
  readonly forwardErrorCorrection: boolean
}

/** Told to the codec process: make H.264 or VP8. */
export interface VideoOrder {
  readonly kind: 'video'
  readonly to: 'h264' | 'vp8'
  /** Bits per second the output should stay under; absent, chosen by size and frame rate. */
  readonly bitrate?: number
  /** A keyframe comes no later than this after the last; absent, only where the source has one or one is asked for. */
  readonly keyframeEvery?: Micros
  /** H.264: no NAL unit is larger. */
  readonly unitBytes?: number
}

export type Order = AudioOrder | VideoOrder

/** The operator's choices. */
export interface TranscodeOptions {
  /** Bits per second. Default 96 000 for stereo, 48 000 for mono. */
  readonly opusBitrate?: { readonly mono: number; readonly stereo: number }
  /** Default true: an input of two channels stays stereo. */
  readonly opusStereo?: boolean
  /** Default true. */
  readonly opusForwardErrorCorrection?: boolean
  /** Bits per second. Default 128 000 for stereo, 64 000 for mono. */
  readonly aacBitrate?: { readonly mono: number; readonly stereo: number }
}

const OPUS_BITRATE = { mono: 48_000, stereo: 96_000 } as const
const AAC_BITRATE = { mono: 64_000, stereo: 128_000 } as const

/** Fits an RTP payload (`MAX_RTP_PAYLOAD`) although the encoder only estimates the size of headers. */
const SLICE_BYTES = 1000

/** Browsers make keyframes when asked only, and players of FLV can only start at one. */
const KEYFRAME_EVERY: Micros = 2_000_000

/** The order for a recipe. */
export function orderFor(recipe: Recipe, options: TranscodeOptions, source: CodecConfig): Order {
  if (recipe.to === 'opus') {
    return {
      kind: 'audio',
      to: 'opus',
      bitrate: options.opusBitrate ?? OPUS_BITRATE,
      forwardErrorCorrection: options.opusForwardErrorCorrection ?? true,
      ...(options.opusStereo === false ? { channels: 1 } : {}),
    }
  }
  if (recipe.to === 'aac') {
    return { kind: 'audio', to: 'aac', bitrate: options.aacBitrate ?? AAC_BITRATE, forwardErrorCorrection: false }
  }
  return {
    kind: 'video',
    to: recipe.to === 'vp8' ? 'vp8' : 'h264',
    ...(recipe.to === 'h264' ? { keyframeEvery: KEYFRAME_EVERY } : {}),
    ...(recipe.isInSlices === true ? { unitBytes: SLICE_BYTES } : {}),
    ...(source.bitrate === undefined ? {} : { bitrate: source.bitrate }),
  }
}
