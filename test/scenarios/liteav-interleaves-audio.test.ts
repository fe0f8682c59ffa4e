import { byteLengthOfMessageChunks, ChunkStreamId, writeMessageChunks } from '@crossroom/rtmp'
import type { FlvTag } from '@crossroom/media'
import { expect, test } from 'vitest'
import { fingerprints, mediaOf } from '../harness/flv-media.js'
import { fixtureTags, RtmpPublisher, watchFlv } from './rtmp-publisher.js'
import { Stage } from './stage.js'

const CHUNK_SIZE = 128
const TYPE_0_HEADER_BYTES = 12

test('audio between the chunks of a picture, as WeChat phones send it, arrives whole, and so does the picture', () => {
  const stage = new Stage()
  const publisher = new RtmpPublisher(stage, CHUNK_SIZE)
  const tags = fixtureTags()
  for (const tag of tags.slice(0, 2)) publisher.send(tag)
  let interleaved = 0
  const waiting: FlvTag[] = []
  let viewer: ReturnType<typeof watchFlv> | undefined
  for (const tag of tags.slice(2)) {
    if (tag.type === 8) waiting.push(tag)
    else {
      publisher.sendBytes(
        withinChunks(
          chunksOf(publisher, tag),
          waiting.map((one) => chunksOf(publisher, one)),
        ),
      )
      if (tag.body.length > CHUNK_SIZE) interleaved += waiting.length
      waiting.length = 0
    }
    viewer ??= stage.stream.hasFrames ? watchFlv(stage) : undefined
  }
  expect(interleaved).toBeGreaterThan(0)
  const sent = mediaOf(tags).filter((tag) => !waiting.includes(tag))
  expect(fingerprints(mediaOf(viewer!.tags()))).toEqual(fingerprints(sent))
})

function chunksOf(publisher: RtmpPublisher, { type, timestampMs, body }: FlvTag): Uint8Array {
  const chunkStreamId = type === 8 ? ChunkStreamId.audio : ChunkStreamId.video
  const header = { chunkStreamId, timestampMs, messageType: type, messageStreamId: publisher.streamId }
  const bytes = new Uint8Array(
    byteLengthOfMessageChunks({ payloadLength: body.length, chunkSize: CHUNK_SIZE, timestampMs }),
  )
  writeMessageChunks(header, body, CHUNK_SIZE, bytes, 0)
  return bytes
}

/** Puts whole messages behind the first chunk of another one. */
function withinChunks(video: Uint8Array, others: Uint8Array[]): Uint8Array {
  const first = TYPE_0_HEADER_BYTES + CHUNK_SIZE
  return Buffer.concat([video.subarray(0, first), ...others, video.subarray(first)])
}
