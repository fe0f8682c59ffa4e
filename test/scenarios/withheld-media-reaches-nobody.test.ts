import type { MediaFrame } from '@crossroom/media'
import { expect, test } from 'vitest'
import { audioConfig, MS, Stage, videoConfig } from './stage.js'

test('withheld video is neither sent nor cached, and returns with a requested keyframe', () => {
  const stage = new Stage()
  stage.isAskable = true
  const publication = stage.publish()!
  const config = videoConfig()
  const audio = audioConfig()
  stage.play(publication, config, { frames: 3, gop: 50, audio })
  const { transport } = stage.watch()
  const before = transport.lines.length
  stage.stream.withhold({ audio: false, video: true })
  expect(stage.stream.cachedFrames).toEqual([])
  stage.play(publication, config, { from: 120 * MS, frames: 3, gop: 50, audio })
  expect(transport.lines.slice(before).filter((line) => !line.startsWith('audio'))).toEqual([])
  expect(transport.lines.length).toBe(before + 3)
  expect(stage.keyframeRequests).toBe(0)
  stage.stream.withhold({ audio: false, video: false })
  expect(stage.keyframeRequests).toBe(1)
  publication.push(stage.frame(config, 240 * MS))
  expect(transport.lines.length).toBe(before + 3)
  publication.push(stage.frame(config, 280 * MS, true))
  expect(transport.lines.at(-1)).toBe('key 280')
})

test('withheld audio reaches only observers of the stream', () => {
  const stage = new Stage()
  stage.isAskable = true
  const publication = stage.publish()!
  const audio = audioConfig()
  const heard: MediaFrame[] = []
  const watched: MediaFrame[] = []
  const ends: string[] = []
  const sink = (frames: MediaFrame[]) => ({
    handleFrame: (frame: MediaFrame) => void frames.push(frame),
    handleInterrupted: () => void ends.push('interrupted'),
    handleEnd: (reason: string) => void ends.push(reason),
  })
  stage.stream.subscribe(sink(heard), 'live')
  stage.stream.watch(sink(watched))
  stage.stream.withhold({ audio: true, video: false })
  publication.push(stage.frame(audio, 0))
  expect([heard.length, watched.length, stage.stream.subscribers]).toEqual([0, 1, 1])
  stage.stream.withhold({ audio: false, video: false })
  publication.push(stage.frame(audio, 21_333))
  expect([heard.length, watched.length]).toEqual([1, 2])
  publication.end()
  stage.stream.end('kicked')
  expect(ends).toEqual(['interrupted', 'interrupted', 'kicked', 'kicked'])
})
