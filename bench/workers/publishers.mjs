// Publishes the source in real time to `count` streams over RTMP, each frame stamped with its time of sending.
import { createHmac, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { parseRtmpUrl, RtmpClientSession } from '@crossroom/rtmp'
import { loadSource, nowMs, stampFrame } from '../lib/source.mjs'

const { port, count, prefix } = JSON.parse(process.argv[2])
const source = loadSource()

function publish(index) {
  return new Promise((resolve, reject) => {
    const session = new RtmpClientSession({
      url: parseRtmpUrl(`rtmp://127.0.0.1:${port}/live/${prefix}${index}`),
      action: 'publish',
      handshake: 'simple',
      randomBytes: (length) => randomBytes(length),
      hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
    })
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const drain = () => {
      for (let out = session.pollOutput(); out !== undefined; out = session.pollOutput()) socket.write(out)
      for (let event = session.pollEvent(); event !== undefined; event = session.pollEvent()) {
        if (event.type === 'publishing') resolve({ session, drain })
        if (event.type === 'refused') reject(new Error(event.description))
      }
    }
    socket.on('connect', () => {
      session.handleTimeout(0)
      drain()
    })
    socket.on('data', (bytes) => {
      session.handleInput(0, bytes)
      drain()
    })
    socket.on('error', reject)
  })
}

const publishers = []
for (let i = 0; i < count; i++) publishers.push(await publish(i))
for (const { session, drain } of publishers) {
  for (const tag of source.headers) session.sendMedia(tag.type, 0, tag.body)
  drain()
}

// Each publisher runs at its own phase, as real ones do.
const startedAt = nowMs()
const cursors = publishers.map((_, i) => ({ next: 0, loop: 0, phase: (i * 40) / count }))
setInterval(() => {
  const now = nowMs()
  publishers.forEach(({ session, drain }, i) => {
    const cursor = cursors[i]
    for (;;) {
      const tag = source.frames[cursor.next]
      const timestampMs = tag.timestampMs + cursor.loop * source.durationMs
      if (startedAt + cursor.phase + timestampMs > now) break
      stampFrame(tag.body)
      session.sendMedia(tag.type, timestampMs, tag.body)
      drain()
      if (++cursor.next === source.frames.length) {
        cursor.next = 0
        cursor.loop++
      }
    }
  })
}, 1)
process.send({ publishing: count })
process.on('message', () => process.send({ publishing: count }))
