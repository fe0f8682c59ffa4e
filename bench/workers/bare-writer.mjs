// The yardstick: a net server that writes the same bytes at the same moments and does nothing else.
import { createServer } from 'node:net'
import { loadSource, nowMs } from '../lib/source.mjs'

const source = loadSource()
const MERGE_MS = 25
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

/** The writes of the server: sound that comes at most 25 ms before a picture goes with it. */
function plan() {
  const writes = []
  let waiting = []
  source.frames.forEach((tag, i) => {
    waiting.push(tag)
    const next = source.frames.slice(i + 1).find((other) => other.type === 9)
    const waits = tag.type === 8 && next !== undefined && next.timestampMs - tag.timestampMs <= MERGE_MS
    if (waits) return
    const parts = waiting.map(({ type, body }) => {
      const bytes = Buffer.alloc(11 + body.length + 4)
      bytes[0] = type
      bytes.writeUIntBE(body.length, 1, 3)
      bytes.set(body, 11)
      bytes.writeUInt32BE(11 + body.length, 11 + body.length)
      return bytes
    })
    writes.push({ atMs: tag.timestampMs, bytes: Buffer.concat(parts) })
    waiting = []
  })
  return writes
}

const writes = plan()
const startedAt = nowMs()
let next = 0
let loop = 0
setInterval(() => {
  while (startedAt + loop * source.durationMs + writes[next].atMs <= nowMs()) {
    for (const socket of sockets) socket.write(writes[next].bytes)
    if (++next === writes.length) {
      next = 0
      loop++
    }
  }
}, 1)
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => process.send({ port: server.address().port, writesPerSecond: writes.length / (source.durationMs / 1000) }))
process.on('message', () => process.send({}))
