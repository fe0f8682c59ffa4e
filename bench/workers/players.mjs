// Plays one stream with any number of players over one protocol. Every frame is counted; those that sample read its stamp.
import { createHmac, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Driver } from '@crossroom/media'
import { parseRtmpUrl, RtmpClientSession } from '@crossroom/rtmp'
import { nodeClock } from '@crossroom/testkit'
import { FlvCounter, FrameLog, Tally } from '../lib/flv-counter.mjs'
import { options, serve } from '../lib/worker.mjs'

const { port, protocol = 'http-flv', samples = false } = options
const AT_A_TIME = 10
const PAUSE_MS = 10
const tally = new Tally()
const sockets = new Set()
/** Of the next player. */
let path = options.path ?? '/live/x0'

const PROTOCOLS = {
  'http-flv': (log) => flvPlayer(log, `GET ${path}.flv HTTP/1.1\r\nHost: localhost\r\n\r\n`, (counter) => counter),
  'ws-flv': (log) => {
    const upgrade = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13`
    const key = `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`
    const request = `GET ${path}.flv HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n${key}\r\n\r\n`
    return flvPlayer(log, request, (counter) => new WebSocketReader(counter))
  },
  rtmp: rtmpPlayer,
}

/** Asks over HTTP and reads FLV, bare or in what `wrap` unwraps. */
function flvPlayer(log, request, wrap) {
  const socket = connect({ host: '127.0.0.1', port })
  const reader = wrap(new FlvCounter(log, samples))
  let head = ''
  socket.on('connect', () => socket.write(request))
  socket.on('data', (bytes) => {
    if (head === undefined) {
      reader.read(bytes)
      return
    }
    const before = head.length
    head += bytes.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    if (!/^HTTP\/1\.1 (200|101)/.test(head)) throw new Error(head.slice(0, end))
    head = undefined
    reader.read(bytes.subarray(end + 4 - before))
  })
  return socket
}

/** The messages of a WebSocket server, which are not masked (RFC 6455 section 5.2). */
class WebSocketReader {
  #counter
  #header = Buffer.alloc(10)
  #headerLength = 0
  #payload = 0

  constructor(counter) {
    this.#counter = counter
  }

  read(bytes) {
    let at = 0
    while (at < bytes.length) {
      if (this.#payload > 0) {
        const end = Math.min(at + this.#payload, bytes.length)
        this.#payload -= end - at
        this.#counter.read(bytes.subarray(at, end))
        at = end
      } else {
        this.#header[this.#headerLength++] = bytes[at++]
        this.#takeHeader()
      }
    }
  }

  #takeHeader() {
    const short = this.#header[1] & 0x7f
    const needed = short < 126 ? 2 : short === 126 ? 4 : 10
    if (this.#headerLength < 2 || this.#headerLength < needed) return
    this.#headerLength = 0
    this.#payload = needed === 2 ? short : needed === 4 ? this.#header.readUInt16BE(2) : this.#header.readUIntBE(4, 6)
  }
}

function rtmpPlayer(log) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  const session = new RtmpClientSession({
    url: parseRtmpUrl(`rtmp://127.0.0.1:${port}${path}`),
    action: 'play',
    handshake: 'simple',
    randomBytes: (length) => randomBytes(length),
    hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
  })
  const driver = new Driver(session, nodeClock, {
    output: (bytes) => socket.write(bytes),
    event: (event) => {
      if (event.type === 'refused') throw new Error(event.description)
      if (event.type === 'media') takeMessage(log, event)
    },
  })
  socket.on('connect', () => driver.drain())
  socket.on('data', (bytes) => driver.handleInput(bytes))
  return socket
}

function takeMessage(log, { messageType, timestampMs, payload }) {
  if (messageType === 18 || payload[1] === 0) return
  if (messageType === 9) log.video(timestampMs)
  else log.audio(timestampMs)
  if (!samples) return
  const stamp = new DataView(payload.buffer, payload.byteOffset + payload.length - 8)
  log.sample(messageType === 9, stamp.getFloat64(0))
}

serve(
  {},
  {
    /** Over a while, so that the players start from different keyframes as real ones do. */
    join: async ({ count, path: given }) => {
      path = given ?? path
      for (let i = 0; i < count; i++) {
        const socket = PROTOCOLS[protocol](new FrameLog(tally))
        sockets.add(socket)
        socket.on('error', () => undefined)
        socket.on('close', () => {
          sockets.delete(socket)
          tally.closed++
        })
        if (i % AT_A_TIME === AT_A_TIME - 1) await sleep(PAUSE_MS)
      }
    },
    leave: () => sockets.forEach((socket) => socket.destroy()),
    begin: () => tally.begin(),
    end: () => tally.end(),
  },
)
