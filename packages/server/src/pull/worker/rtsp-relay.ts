import { connect, createServer, type Server, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { RtspOrder } from './orders.js'
import type { PictureSizes } from './picture-sizes.js'
import { RtspWatch } from './rtsp-watch.js'

/** Bytes from one side that wait for the other. */
const WAITING_BYTES = 256 * 1024
const HOST = '127.0.0.1'

/**
 * The only way of FFmpeg's RTSP to its camera: a port of this machine that leads to the address that was judged, by TLS where
 * the camera speaks it. A redirection ends it, for the server to judge.
 */
export class RtspRelay {
  readonly #order: RtspOrder
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #follows: { channel: number; codec: 'h264' | 'h265'; sizes: PictureSizes }[] = []
  #watch: RtspWatch | undefined
  /** Where the camera redirects to. */
  redirect: string | undefined
  /** Why the camera could not be reached. */
  error: string | undefined

  private constructor(order: RtspOrder, server: Server) {
    this.#order = order
    this.#server = server
  }

  /** Resolves when FFmpeg may connect. */
  static open(order: RtspOrder): Promise<RtspRelay> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true })
      const relay = new RtspRelay(order, server)
      server.on('connection', (socket) => relay.#handleConnection(socket))
      server.once('error', reject)
      server.listen(0, HOST, () => resolve(relay))
    })
  }

  /** What FFmpeg opens; the camera is asked by these credentials. */
  get url(): string {
    const { port } = this.#server.address() as { port: number }
    const { credentials, path } = this.#order
    return `rtsp://${credentials === '' ? '' : `${credentials}@`}${HOST}:${String(port)}${path}`
  }

  /** See {@link RtspWatch.follow}. */
  follow(channel: number, codec: 'h264' | 'h265', sizes: PictureSizes): void {
    this.#follows.push({ channel, codec, sizes })
    this.#watch?.follow(channel, codec, sizes)
  }

  /** Idempotent. */
  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #handleConnection(ffmpeg: Socket): void {
    // One at a time: FFmpeg connects again only after it has closed.
    if (this.#sockets.size > 0) return void ffmpeg.destroy()
    const { address, host, port, tls } = this.#order
    // Cameras sign their certificates themselves: there is nobody to check them by.
    const target = { host: address, port, noDelay: true }
    const camera = tls
      ? connectTls({ ...target, servername: nameOf(host), rejectUnauthorized: false })
      : connect(target)
    const watch = (this.#watch = new RtspWatch({
      response: (status, location) => this.#handleResponse(status, location),
      broken: () => this.#end('The camera does not speak RTSP.'),
    }))
    for (const { channel, codec, sizes } of this.#follows) watch.follow(channel, codec, sizes)
    camera.on('error', (error: Error) => (this.error ??= error.message))
    this.#join(ffmpeg, camera)
    this.#join(camera, ffmpeg, (bytes) => watch.push(bytes))
  }

  #join(from: Socket, to: Socket, look?: (bytes: Buffer) => void): void {
    this.#sockets.add(from)
    from.on('data', (bytes: Buffer) => {
      look?.(bytes)
      to.write(bytes)
      if (to.writableLength > WAITING_BYTES) from.pause()
    })
    to.on('drain', () => from.resume())
    from.on('error', () => undefined)
    from.once('close', () => {
      this.#sockets.delete(from)
      to.destroy()
    })
  }

  #handleResponse(status: number, location: string | undefined): void {
    if (status < 300 || status >= 400 || location === undefined) return
    this.redirect = location
    this.#end('The camera redirects.')
  }

  #end(error: string): void {
    this.error ??= error
    this.close()
  }
}

/** An IP address is no server name. */
function nameOf(host: string): string {
  return /^[\d.]+$|:/.test(host) ? '' : host
}
