// Plays one stream with `count` HTTP-FLV players: counts every frame, checks that none is missing, samples delays.
import { connect } from 'node:net'
import { nowMs } from '../lib/source.mjs'

const { port, count, path } = JSON.parse(process.argv[2])
const TAG_HEADER = 11
const state = { frames: 0, bytes: 0, gaps: 0, joins: [], delays: [], measuring: false, closed: 0, reads: 0 }

/** Follows the tags of one connection without copying them. */
class Player {
  #header = Buffer.alloc(TAG_HEADER)
  #headerLength = 0
  #skip = 0
  #body = 0
  #tail = Buffer.alloc(8)
  #type = 0
  #head = ''
  #lastVideoMs = -1
  #samples
  #askedAt = nowMs()
  #joined = false

  constructor(samples) {
    this.#samples = samples
    const socket = connect({ host: '127.0.0.1', port })
    socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`))
    socket.on('data', (bytes) => this.#read(bytes))
    socket.on('close', () => state.closed++)
    socket.on('error', () => undefined)
  }

  #read(bytes) {
    state.reads++
    state.bytes += bytes.length
    let at = 0
    if (this.#head !== undefined) {
      this.#head += bytes.toString('latin1')
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      if (!this.#head.startsWith('HTTP/1.1 200')) throw new Error(this.#head.slice(0, end))
      at = bytes.length - (this.#head.length - end - 4)
      this.#head = undefined
      this.#skip = 13
    }
    while (at < bytes.length) {
      if (this.#body > 0) at = this.#readBody(bytes, at)
      else if (this.#skip > 0) {
        const n = Math.min(this.#skip, bytes.length - at)
        this.#skip -= n
        at += n
      } else at = this.#readHeader(bytes, at)
    }
  }

  #readHeader(bytes, from) {
    let at = from
    while (this.#headerLength < TAG_HEADER && at < bytes.length) this.#header[this.#headerLength++] = bytes[at++]
    if (this.#headerLength < TAG_HEADER) return at
    this.#headerLength = 0
    this.#type = this.#header[0] & 0x1f
    this.#body = this.#header.readUIntBE(1, 3)
    const timestampMs = this.#header.readUIntBE(4, 3) + this.#header[7] * 2 ** 24
    if (this.#type === 9 && this.#body > 60) {
      if (this.#lastVideoMs >= 0 && timestampMs - this.#lastVideoMs !== 40) state.gaps++
      this.#lastVideoMs = timestampMs
    }
    if (this.#type !== 18 && this.#body > 60) state.frames++
    return at
  }

  #readBody(bytes, from) {
    const n = Math.min(this.#body, bytes.length - from)
    const end = from + n
    this.#body -= n
    if (this.#body > 0) {
      // The last 8 bytes may lie across two reads: keep what may belong to them.
      for (let i = Math.max(from, end - 8 + 0); i < end; i++) this.#push(bytes[i])
      return end
    }
    for (let i = Math.max(from, end - 8); i < end; i++) this.#push(bytes[i])
    this.#skip = 4
    if (!this.#joined && this.#type === 9) {
      this.#joined = true
      state.joins.push(nowMs() - this.#askedAt)
    }
    if (this.#samples && state.measuring && this.#type !== 18) state.delays.push([this.#type, nowMs() - this.#tail.readDoubleBE(0)])
    return end
  }

  #push(byte) {
    this.#tail.copyWithin(0, 1)
    this.#tail[7] = byte
  }
}

for (let i = 0; i < count; i++) {
  new Player(i % 10 === 0)
  // Spread over a GOP, so that players start from different keyframes as real ones do.
  if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 20))
}
process.send({ playing: count })
process.on('message', (request) => {
  if (request === 'begin') {
    Object.assign(state, { frames: 0, bytes: 0, gaps: 0, delays: [], measuring: true, closed: 0, reads: 0 })
    process.send({})
  } else {
    state.measuring = false
    process.send(state)
  }
})
