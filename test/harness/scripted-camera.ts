import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { splitAnnexB } from '@crossroom/media'
import { LOW_DELAY } from './push.js'
import { run } from './process.js'
import { temporaryPath } from './clip.js'
import { until } from './until.js'

const FRAGMENT = 1200
const TICKS = 90_000

/** An RTSP camera over TCP whose every answer and time stamp the test decides. */
export class ScriptedCamera {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #playing: Socket | undefined
  #sequence = 0
  /** Answers in place of the camera's own; undefined: its own. */
  answer: (method: string, request: string) => string | undefined = () => undefined
  /** Requests as they came, their first lines. */
  readonly asked: string[] = []

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(): Promise<ScriptedCamera> {
    const server = createServer({ noDelay: true })
    const camera = new ScriptedCamera(server)
    server.on('connection', (socket) => camera.#handle(socket))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return camera
  }

  get url(): string {
    return `rtsp://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/cam`
  }

  /** Resolves when somebody plays. */
  async played(): Promise<void> {
    await until('somebody to play the camera', () => this.#playing !== undefined)
  }

  /** One access unit; `seconds` is what the camera's clock says. */
  send(units: readonly Uint8Array[], seconds: number): void {
    const timestamp = Math.round(seconds * TICKS) >>> 0
    const payloads = units.flatMap(payloadsOf)
    payloads.forEach((payload, index) => this.#sendPacket(payload, timestamp, index === payloads.length - 1))
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #sendPacket(payload: Uint8Array, timestamp: number, marker: boolean): void {
    const packet = Buffer.alloc(4 + 12 + payload.length)
    packet[0] = 0x24
    packet.writeUInt16BE(12 + payload.length, 2)
    packet[4] = 0x80
    packet[5] = (marker ? 0x80 : 0) | 96
    packet.writeUInt16BE(this.#sequence++ & 0xffff, 6)
    packet.writeUInt32BE(timestamp, 8)
    packet.writeUInt32BE(1, 12)
    packet.set(payload, 16)
    this.#playing?.write(packet)
  }

  #handle(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (this.#playing === socket) this.#playing = undefined
    })
    let text = ''
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        this.#answer(socket, text.slice(0, end))
        text = text.slice(end + 4)
      }
    })
  }

  #answer(socket: Socket, request: string): void {
    const [line = ''] = request.split('\r\n')
    // Receiver reports come in between.
    const method = /([A-Z_]+) rtsp:\S* RTSP\/1\.0$/.exec(line)?.[1]
    if (method === undefined) return
    this.asked.push(line)
    const cseq = /^CSeq: *(\d+)/im.exec(request)?.[1] ?? '0'
    const head = (status: string): string => `RTSP/1.0 ${status}\r\nCSeq: ${cseq}\r\n`
    const given = this.answer(method, request)
    if (given !== undefined)
      return void socket.write(head(given.split('\n')[0]!) + given.split('\n').slice(1).join('\r\n') + '\r\n\r\n')
    if (method === 'DESCRIBE') {
      const sdp = [
        'v=0',
        'o=- 1 1 IN IP4 0.0.0.0',
        's=-',
        't=0 0',
        'm=video 0 RTP/AVP 96',
        'a=rtpmap:96 H264/90000',
        'a=fmtp:96 packetization-mode=1',
        'a=control:v',
        '',
      ].join('\r\n')
      socket.write(
        `${head('200 OK')}Content-Type: application/sdp\r\nContent-Length: ${String(sdp.length)}\r\n\r\n${sdp}`,
      )
    } else if (method === 'SETUP')
      socket.write(`${head('200 OK')}Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n`)
    else {
      socket.write(`${head('200 OK')}Session: 1\r\n\r\n`)
      if (method === 'PLAY') this.#playing = socket
    }
  }
}

/** Single units, and FU-A for large ones (RFC 6184). */
function payloadsOf(unit: Uint8Array): Uint8Array[] {
  if (unit.length <= FRAGMENT) return [unit]
  const payloads: Uint8Array[] = []
  for (let offset = 1; offset < unit.length; offset += FRAGMENT) {
    const rest = unit.subarray(offset, offset + FRAGMENT)
    const edges = (offset === 1 ? 0x80 : 0) | (offset + FRAGMENT >= unit.length ? 0x40 : 0)
    payloads.push(Uint8Array.of((unit[0]! & 0xe0) | 28, edges | (unit[0]! & 31), ...rest))
  }
  return payloads
}

/** Access units of H.264 as a camera takes them, at 25 pictures a second; the first is a keyframe. */
export async function makeAccessUnits(size: string, frames: number): Promise<Uint8Array[][]> {
  const path = temporaryPath('camera.h264')
  const input = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25`, '-frames:v', String(frames)]
  const { code, stderr } = await run('ffmpeg', [
    '-v',
    'error',
    ...input,
    ...LOW_DELAY,
    '-pix_fmt',
    'yuv420p',
    '-x264-params',
    'aud=1',
    path,
  ])
  if (code !== 0) throw new Error(`ffmpeg made no pictures: ${stderr}`)
  const units: Uint8Array[][] = []
  for (const unit of splitAnnexB(await readFile(path))) {
    if ((unit[0]! & 31) === 9) units.push([])
    units.at(-1)?.push(unit)
  }
  return units
}
