import { isAudioFrame, isVideoFrame, type MediaFrame } from '../model/frame.js'
import { Fragmenter } from './fragmenter.js'
import { initSegment, type Mp4Tracks } from './init-segment.js'

/** The tracks of frames, as the first frame of each kind tells them. */
export function tracksOf(frames: readonly MediaFrame[]): Mp4Tracks {
  return { video: frames.find(isVideoFrame)?.config, audio: frames.find(isAudioFrame)?.config }
}

/** A whole file of frames in order of arrival, cut into a fragment after every `fragmentFrames` frames. */
export function mp4Of(frames: readonly MediaFrame[], fragmentFrames = 20): Uint8Array {
  const tracks = tracksOf(frames)
  const fragmenter = new Fragmenter(tracks)
  const parts = [initSegment(tracks)]
  frames.forEach((frame, index) => {
    fragmenter.push(frame)
    if (index % fragmentFrames !== fragmentFrames - 1) return
    const fragment = fragmenter.cut(frames[index + 1])
    if (fragment !== undefined) parts.push(fragment.bytes)
  })
  const last = fragmenter.cut()
  if (last !== undefined) parts.push(last.bytes)
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}
