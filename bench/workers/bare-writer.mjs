// The yardstick: a net server that writes the same bytes at the same moments and does nothing else.
import { createServer } from 'node:net'
import { loadSource, nowMs, stampFrame } from '../lib/source.mjs'
import { serve } from '../lib/worker.mjs'

const MERGE_MS = 25
const { frames, durationMs } = loadSource()
const sockets = new Set()
const server = createServer({ noDelay: true }, (socket) => {
  socket.once('data', () => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    socket.write(Buffer.from([0x46, 0x4c, 0x56, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0]))
    sockets.add(socket)
  })
  socket.on('close', () => sockets.delete(socket))
  socket.on('error', () => undefined)
})

/** The writes that the server makes: sound that comes at most 25 ms before a picture goes with it. */
function planWrites() {
  const writes = []
  let waiting = []
  frames.forEach((tag, i) => {
    waiting.push(tag)
    const next = frames.slice(i + 1).find(({ type }) => type === 9)
    if (tag.type === 8 && next !== undefined && next.timestampMs - tag.timestampMs <= MERGE_MS) return
    writes.push({ atMs: tag.timestampMs, tags: waiting })
    waiting = []
  })
  return writes
}

/** A buffer of its own for every write, as any server makes it; the newest frame is stamped. */
function writeTags(tags, loop) {
  const bytes = new Uint8Array(tags.reduce((sum, { body }) => sum + 11 + body.length + 4, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { type, body, timestampMs } of tags) {
    const time = timestampMs + loop * durationMs
    view.setUint32(at, body.length)
    bytes[at] = type
    view.setUint32(at + 4, (time << 8) | (time >>> 24))
    stampFrame(body)
    bytes.set(body, at + 11)
    at += 11 + body.length
    view.setUint32(at, 11 + body.length)
    at += 4
  }
  return bytes
}

const writes = planWrites()
const startedAt = nowMs()
let next = 0
let loop = 0
setInterval(() => {
  while (startedAt + loop * durationMs + writes[next].atMs <= nowMs()) {
    const bytes = writeTags(writes[next].tags, loop)
    for (const socket of sockets) socket.write(bytes)
    next = (next + 1) % writes.length
    if (next === 0) loop++
  }
}, 1)
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
  serve({ port: server.address().port, writesPerSecond: writes.length / (durationMs / 1000) }),
)
