// Plays `count` streams over HTTP-FLV, one player each, and counts their frames.
import { get } from 'node:http'
import { FlvStreamReader } from '@crossroom/media'
import { options, serve } from '../lib/worker.mjs'

const { port, count } = options
const SCRIPT = 18
let frames = 0

for (let i = 0; i < count; i++) {
  const reader = new FlvStreamReader()
  get(`http://127.0.0.1:${port}/live/x${i}.flv`, (response) => {
    response.on('data', (bytes) => {
      reader.handleInput(bytes)
      for (let tag = reader.pollTag(); tag !== undefined; tag = reader.pollTag())
        if (tag.type !== SCRIPT && tag.body[1] !== 0) frames++
    })
  })
}

serve(
  {},
  {
    /** Frames since the last time. */
    take: () => {
      const counted = frames
      frames = 0
      return { frames: counted }
    },
  },
)
