import type { FlvTag } from '@crossroom/media'
import { publishRtmp } from './rtmp-peer.js'

/** A push of recorded tags, in real time. */
export interface TagPush {
  /** From the end of the present round on, these are pushed: the stream goes on with another codec or size. */
  readonly goOnWith: (tags: readonly FlvTag[]) => void
  /** Takes leave. Idempotent. */
  readonly stop: () => Promise<void>
}

/** Between the last tag of a round and the first of the next, about a frame. */
const GAP_MS = 40
const TICK_MS = 10

/**
 * Publishes a clip by RTMP again and again, each tag when it is due, the times going on. What is due within `atOnceMs` of the
 * first round is sent at once: viewers come to a stream that has been there for so long.
 */
export async function pushTags(url: string, clip: readonly FlvTag[], atOnceMs = 0): Promise<TagPush> {
  const peer = await publishRtmp(url)
  let tags = clip
  let next = clip
  let sent = 0
  let roundAtMs = performance.now() - atOnceMs
  let fromMs = 0
  const timer = setInterval(() => {
    const dueMs = performance.now() - roundAtMs
    const last = tags.at(-1)?.timestampMs ?? 0
    const count = tags.findIndex((tag) => tag.timestampMs > dueMs)
    const upTo = count === -1 ? tags.length : count
    if (upTo > sent) peer.send(tags.slice(sent, upTo), fromMs)
    sent = upTo
    if (dueMs < last + GAP_MS) return
    fromMs += last + GAP_MS
    roundAtMs += last + GAP_MS
    sent = 0
    tags = next
  }, TICK_MS)
  return {
    goOnWith: (other) => (next = other),
    stop: () => {
      clearInterval(timer)
      peer.end()
      return Promise.resolve()
    },
  }
}
