// An RTSP server over TCP whose every address is a camera, 640×360 at 25 frames. Each picture ends with an SEI that has the
// time of sending. The cameras are spread over the 40 ms of a frame.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { splitAnnexB } from '@crossroom/media'
import { nowMs } from '../lib/source.mjs'
import { stamp } from '../lib/stamp.mjs'
import { serve } from '../lib/worker.mjs'

const FILE = new URL('../results/tmp/camera.h264', import.meta.url)
const FRAGMENT = 1200
const FRAME_MS = 40
const TICKS = 90

const pictures = load()
let cameras = 0

function load() {
  if (!existsSync(FILE)) make()
  const units = []
  for (const unit of splitAnnexB(readFileSync(FILE))) {
    if ((unit[0] & 31) === 9) units.push([])
    units.at(-1).push(unit)
  }
  // Up to the last whole GOP.
  return units.slice(0, units.length - (units.length % 50))
}

function make() {
  mkdirSync(new URL('.', FILE), { recursive: true })
  const input = '-v error -y -f lavfi -i testsrc2=size=640x360:rate=25 -t 10'
  const coder = '-pix_fmt yuv420p -c:v libx264 -preset veryfast -tune zerolatency -b:v 500k -maxrate 500k -bufsize 500k'
  const keyframes = '-g 50 -keyint_min 50 -sc_threshold 0 -x264-params aud=1:sliced-threads=0'
  execFileSync('ffmpeg', [...`${input} ${coder} ${keyframes}`.split(' '), FILE.pathname])
}

class Camera {
  #socket
  #sequence = 0
  #frame = 0
  #startedAt
  #timer

  constructor(socket) {
    this.#socket = socket
    let text = ''
    socket.on('error', () => undefined)
    socket.once('close', () => clearTimeout(this.#timer))
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        this.#answer(text.slice(0, end))
        text = text.slice(end + 4)
      }
    })
  }

  #answer(request) {
    const method = /([A-Z_]+) rtsp:\S* RTSP\/1\.0/.exec(request)?.[1]
    if (method === undefined) return
    const head = `RTSP/1.0 200 OK\r\nCSeq: ${/^CSeq: *(\d+)/im.exec(request)?.[1] ?? 0}\r\n`
    if (method === 'DESCRIBE') {
      const media =
        'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:v\r\n'
      const sdp = `v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n${media}`
      this.#socket.write(`${head}Content-Type: application/sdp\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`)
    } else if (method === 'SETUP')
      this.#socket.write(`${head}Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n`)
    else {
      this.#socket.write(`${head}Session: 1\r\n\r\n`)
      if (method === 'PLAY' && this.#startedAt === undefined) {
        this.#startedAt = nowMs() + ((cameras++ * 7) % FRAME_MS)
        this.#next()
      }
    }
  }

  #next() {
    const wait = this.#startedAt + this.#frame * FRAME_MS - nowMs()
    this.#timer = setTimeout(() => {
      const picture = pictures[this.#frame % pictures.length]
      // Before the slices: an SEI behind them is of no picture.
      const units = [picture[0], stamp(), ...picture.slice(1)]
      const payloads = units.flatMap(payloadsOf)
      const time = (this.#frame * FRAME_MS * TICKS) >>> 0
      const packets = payloads.map((payload, i) => this.#packet(payload, time, i === payloads.length - 1))
      this.#socket.write(Buffer.concat(packets))
      this.#frame++
      this.#next()
    }, wait)
  }

  #packet(payload, time, marker) {
    const packet = Buffer.alloc(16 + payload.length)
    packet[0] = 0x24
    packet.writeUInt16BE(12 + payload.length, 2)
    packet[4] = 0x80
    packet[5] = (marker ? 0x80 : 0) | 96
    packet.writeUInt16BE(this.#sequence++ & 0xffff, 6)
    packet.writeUInt32BE(time, 8)
    packet.writeUInt32BE(1, 12)
    packet.set(payload, 16)
    return packet
  }
}

/** RFC 6184: single units and FU-A. */
function payloadsOf(unit) {
  if (unit.length <= FRAGMENT) return [unit]
  const payloads = []
  for (let offset = 1; offset < unit.length; offset += FRAGMENT) {
    const edges = (offset === 1 ? 0x80 : 0) | (offset + FRAGMENT >= unit.length ? 0x40 : 0)
    payloads.push(
      Buffer.concat([
        Uint8Array.of((unit[0] & 0xe0) | 28, edges | (unit[0] & 31)),
        unit.subarray(offset, offset + FRAGMENT),
      ]),
    )
  }
  return payloads
}

const server = createServer({ noDelay: true }, (socket) => new Camera(socket))
server.listen(0, '127.0.0.1', () => serve({ port: server.address().port }))
