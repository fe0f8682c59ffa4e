import type { MediaFrame, Micros } from '@crossroom/media'
import { startLimits } from '../config/index.js'
import { withoutLeading } from './leading-pictures.js'
import type { FrameSource } from './sink.js'

/** What times of FLV and RTMP tell apart. */
const MILLISECOND: Micros = 1000

/**
 * With which picture an exit can begin: browsers (WebRTC, Media Source Extensions) with a keyframe, players with a decoder like
 * ffmpeg's with a recovery point as well.
 */
export type StartsAt = 'keyframe' | 'recovery-point'

/**
 * The cached frames that a player of a byte stream is started from; undefined where it needs a keyframe that is not there:
 * none is cached, or it is so far back that the player would stay behind.
 */
export function cachedStart(source: FrameSource, startsAt: StartsAt): readonly MediaFrame[] | undefined {
  const frames = startsAt === 'keyframe' ? sinceKeyframe(source.cachedFrames) : source.recentFrames
  const [first, newest] = [frames[0], frames.at(-1)]
  if (first === undefined || newest === undefined) return source.tracks.video === undefined ? [] : undefined
  const limit = source.isAskable ? startLimits.askedDelayMicros : startLimits.delayMicros
  return newest.dts - first.dts > limit ? undefined : withoutLeading(frames)
}

function sinceKeyframe(frames: readonly MediaFrame[]): readonly MediaFrame[] {
  return frames[0]?.keyframe === true ? frames : []
}

/** Cached pictures as a player gets them that is to be live at the last of them: a millisecond apart, in the same order. */
export function catchUp(cached: readonly MediaFrame[], now: Micros): readonly MediaFrame[] {
  const frames = withoutLeading(cached).filter(({ config, droppable }) => config.kind === 'video' && !droppable)
  const newest = frames.at(-1)
  if (newest === undefined) return []
  const shown = [...frames].sort((one, other) => one.pts - other.pts)
  const places = new Map(shown.map((frame, place) => [frame, place]))
  const early = Math.max(...frames.map((frame, index) => index - places.get(frame)!))
  const at = (place: number): Micros => newest.dts - (frames.length - 1 - place) * MILLISECOND
  return frames.map((frame, index) => {
    return { ...frame, dts: at(index), pts: at(places.get(frame)! + early), receivedAt: now }
  })
}
