import type { MediaFrame } from '@crossroom/media'
import { startLimits } from '../config/limits.js'
import type { FrameSource } from './sink.js'

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
  return newest.dts - first.dts > limit ? undefined : frames
}

function sinceKeyframe(frames: readonly MediaFrame[]): readonly MediaFrame[] {
  return frames[0]?.keyframe === true ? frames : []
}
