import { readFile } from 'node:fs/promises'
import type { FlvTag } from '@crossroom/media'
import { configsOf, makeClip, mediaOf, tagsOf, type MediaTag } from '../harness/index.js'

/** A two-second clip in parts. */
export interface ClipParts {
  readonly tags: readonly FlvTag[]
  readonly configs: readonly FlvTag[]
  readonly media: readonly MediaTag[]
  /** Its pictures only. */
  readonly pictures: readonly MediaTag[]
}

export async function clipParts(): Promise<ClipParts> {
  const tags = tagsOf(await readFile((await makeClip()).path))
  const media = mediaOf(tags)
  return { tags, configs: configsOf(tags), media, pictures: media.filter((tag) => tag.kind === 'video') }
}

/** The clip again and again for so many seconds, the times going on. */
export function looped({ tags }: ClipParts, seconds: number): FlvTag[] {
  const roundMs = 2000
  return Array.from({ length: Math.ceil((seconds * 1000) / roundMs) }, (_, round) =>
    tags.map((tag) => ({ ...tag, timestampMs: tag.timestampMs + round * roundMs })),
  ).flat()
}
