import { buildMetadataBody, type CodecConfig } from '@crossroom/media'
import type { Tracks } from '../hub/index.js'

/**
 * What the configuration record does not say: the publisher has turned its camera, and players are to turn the picture.
 * The script data body that tells so; undefined when `config` says nothing new about it. A stream's start says it anyway.
 */
export function turnedMetadata(config: CodecConfig, before: Tracks): Uint8Array | undefined {
  if (config.kind !== 'video' || before.video === undefined) return undefined
  if (before.video.orientation === config.orientation) return undefined
  return buildMetadataBody({ ...before, video: config, saysUpright: true })
}
