import { isEntryPoint, isVideoFrame, type MediaFrame, type Micros, type VideoFrame } from '@crossroom/media'
import { snapshotLimits } from '../../config/index.js'
import type { Clock, Stream } from '../../hub/index.js'
import { SnapshotError } from './snapshot-error.js'

/**
 * The frames of a picture, to be decoded one after the other: a keyframe, or the frames from a recovery point on until the
 * picture is whole. Answers inside the call when they are cached; otherwise asks for a keyframe, and fails after the deadline.
 * The returned function cancels.
 */
export function findPicture(
  stream: Stream,
  clock: Clock,
  answer: (frames: readonly VideoFrame[]) => void,
  fail: (error: SnapshotError) => void,
): () => void {
  const problem = problemOf(stream)
  const cached = problem === undefined ? cachedPicture(stream.cachedFrames) : undefined
  if (problem !== undefined) fail(problem)
  else if (cached !== undefined) answer(cached)
  else return waitForKeyframe(stream, clock, answer, fail)
  return () => undefined
}

/** Why a stream shows no picture, if it does not. */
export function problemOf(stream: Stream): SnapshotError | undefined {
  if (stream.isVideoWithheld) return new SnapshotError('VIDEO_WITHHELD', 'The video of this stream is muted.')
  if (stream.state !== 'live') return new SnapshotError('NO_PUBLISHER', 'The stream has no publisher at present.')
  return stream.tracksKnown && stream.tracks.video === undefined
    ? new SnapshotError('NO_VIDEO', 'The stream has no video.')
    : undefined
}

function cachedPicture(frames: readonly MediaFrame[]): readonly VideoFrame[] | undefined {
  const pictures = frames.filter(isVideoFrame)
  const [first] = pictures
  if (first === undefined) return undefined
  return first.keyframe ? [first] : pictures.slice(0, (first.recovery ?? 0) + 1)
}

function waitForKeyframe(
  stream: Stream,
  clock: Clock,
  answer: (frames: readonly VideoFrame[]) => void,
  fail: (error: SnapshotError) => void,
): () => void {
  const stop = (): void => {
    cancelTimer()
    cancelTracks()
    unsubscribe()
  }
  const failWith = (error: SnapshotError): void => {
    stop()
    fail(error)
  }
  const left = new SnapshotError('NO_PUBLISHER', 'The publisher left before it sent a keyframe.')
  const cancelTimer = clock.after(snapshotLimits.deadlineMicros, () =>
    failWith(noKeyframe(snapshotLimits.deadlineMicros)),
  )
  let cancelTracks = (): void => undefined
  const unsubscribe = stream.subscribe(
    {
      kind: 'snapshot',
      handleFrame: (frame) => {
        if (!isVideoFrame(frame) || !frame.keyframe || !isEntryPoint(frame)) return
        stop()
        answer([frame])
      },
      handleInterrupted: () => failWith(left),
      handleVideoWithheld: () => failWith(problemOf(stream) ?? left),
      handleEnd: () => failWith(left),
    },
    'live',
  )
  stream.requestKeyframe()
  if (!stream.tracksKnown)
    cancelTracks = stream.whenTracksKnown(() => {
      const problem = problemOf(stream)
      if (problem !== undefined) failWith(problem)
    }, 'snapshot')
  return stop
}

function noKeyframe(waited: Micros): SnapshotError {
  return new SnapshotError('NO_KEYFRAME', `The publisher sent no keyframe within ${String(waited / 1e6)} s.`)
}
