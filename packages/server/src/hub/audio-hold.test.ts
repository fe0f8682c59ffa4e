import { expect, test } from 'vitest'
import { MS, Stage, audioConfig, videoConfig } from '../../../../test/scenarios/stage.js'

const writes = (chunks: Uint8Array[]): string[] =>
  chunks.map((bytes) => Buffer.from(bytes).toString().trim().replaceAll('\n', ' | '))

/** Video every 40 ms, so that the stream's rhythm is known. */
function warmUp() {
  const stage = new Stage()
  const publication = stage.publish()!
  const video = videoConfig()
  const audio = audioConfig()
  stage.play(publication, video, { frames: 40, gop: 500, audio })
  const { transport } = stage.watch({ mergeMicros: 25 * MS })
  stage.play(publication, video, { from: 1600 * MS, frames: 40, gop: 500 })
  transport.chunks.length = 0
  return { stage, publication, video, audio, transport, at: 3200 * MS }
}

test('audio shortly before the next video frame shares its write', () => {
  const { stage, publication, video, audio, transport, at } = warmUp()
  publication.push(stage.frame(video, at, false))
  stage.clock.advance(20 * MS)
  publication.push(stage.frame(audio, at + 20 * MS))
  stage.clock.advance(20 * MS)
  publication.push(stage.frame(video, at + 40 * MS, false))
  expect(writes(transport.chunks)).toEqual(['video 3200', 'audio 3220 | video 3240'])
})

test('audio long before the next video frame goes out at once', () => {
  const { stage, publication, video, audio, transport, at } = warmUp()
  publication.push(stage.frame(video, at, false))
  stage.clock.advance(5 * MS)
  publication.push(stage.frame(audio, at + 5 * MS))
  expect(writes(transport.chunks)).toEqual(['video 3200', 'audio 3205'])
})

test('held audio goes out after 25 ms when the video frame does not come', () => {
  const { stage, publication, video, audio, transport, at } = warmUp()
  publication.push(stage.frame(video, at, false))
  stage.clock.advance(20 * MS)
  publication.push(stage.frame(audio, at + 20 * MS))
  stage.clock.advance(24 * MS)
  expect(writes(transport.chunks)).toEqual(['video 3200'])
  stage.clock.advance(1 * MS)
  expect(writes(transport.chunks)).toEqual(['video 3200', 'audio 3220'])
})
