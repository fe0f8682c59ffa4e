import { readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { FlvTag } from '@crossroom/media'
import {
  publishRtmp,
  untilStream,
  watchHttpFlv,
  type FlvViewer,
  type RtmpPeer,
  type TestServer,
} from '../harness/index.js'

/** A socket that says what it is told and remembers what became of it. */
export interface RawSocket {
  readonly socket: Socket
  readonly openedAt: number
  /** Bytes received. */
  received: Buffer
  /** Milliseconds from connection to close; undefined while it is open. */
  closedAfterMs: number | undefined
}

/** Opens one connection and sends `greeting`; `localAddress` is one of loopback's. */
export function openRaw(port: number, greeting: Uint8Array | string = '', localAddress?: string): RawSocket {
  const socket = connect({ host: '127.0.0.1', port, ...(localAddress && { localAddress }) })
  const raw: RawSocket = { socket, openedAt: performance.now(), received: Buffer.alloc(0), closedAfterMs: undefined }
  socket.on('connect', () => greeting.length > 0 && socket.write(greeting))
  socket.on('data', (bytes: Buffer) => (raw.received = Buffer.concat([raw.received, bytes])))
  socket.on('error', () => undefined)
  socket.once('close', () => (raw.closedAfterMs = performance.now() - raw.openedAt))
  return raw
}

/** Resident memory of the server's process in MiB. */
export function rssOf(server: TestServer): number {
  const status = readFileSync(`/proc/${String(server.process.child.pid)}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}

/** Files and sockets that the server's process has open. */
export function openFiles(server: TestServer): number {
  return readdirSync(`/proc/${String(server.process.child.pid)}/fd`).length
}

/** CPU time of the server's process so far, in milliseconds. */
export function cpuOf(server: TestServer): number {
  const fields = readFileSync(`/proc/${String(server.process.child.pid)}/stat`, 'utf8')
    .split(') ')[1]!
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** A publisher in real time and one viewer: the bystanders of an attack. */
export class Bystanders {
  readonly publisher: RtmpPeer
  readonly viewer: FlvViewer
  readonly #tags: readonly FlvTag[]
  readonly #sentAt: number[] = []
  #running = true

  private constructor(publisher: RtmpPeer, viewer: FlvViewer, tags: readonly FlvTag[]) {
    this.publisher = publisher
    this.viewer = viewer
    this.#tags = tags
    void this.#publish()
  }

  /** `media` is sent one tag every 20 ms, over and over; `configs` before it. */
  static async start(server: TestServer, configs: readonly FlvTag[], media: readonly FlvTag[]): Promise<Bystanders> {
    const publisher = await publishRtmp(`${server.rtmp}/live/bystander`)
    publisher.send([...configs, media[0]!])
    await untilStream(server, 'live/bystander', 'live', 1)
    const viewer = watchHttpFlv(`${server.http}/live/bystander.flv`)
    await viewer.frames(1)
    return new Bystanders(publisher, viewer, media.slice(1))
  }

  /** Ends them; the delays of all frames in milliseconds, in rising order, and how many frames were lost. */
  async finish(): Promise<{ readonly delays: readonly number[]; readonly lost: number }> {
    this.#running = false
    const media = await this.viewer.frames(1 + this.#sentAt.length).catch(() => this.viewer.media)
    const arrivals = this.viewer.arrivals.slice(-(media.length - 1))
    const delays = arrivals.map((at, i) => at - this.#sentAt[i]!).sort((a, b) => a - b)
    this.viewer.close()
    this.publisher.end()
    return { delays, lost: 1 + this.#sentAt.length - media.length }
  }

  async #publish(): Promise<void> {
    for (let i = 0; this.#running; i++) {
      const tag = this.#tags[i % this.#tags.length]!
      this.#sentAt.push(performance.now())
      this.publisher.send([{ ...tag, timestampMs: 20 * (i + 1) }])
      await wait(20)
    }
  }
}

/** The value below which `share` of the sorted values lie. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN

/** The same picture with a filler NAL unit (H.264 type 12) of so many bytes behind it. */
export function fattened(tag: FlvTag, bytes: number): FlvTag {
  const filler = Buffer.alloc(4 + bytes, 0xff)
  filler.writeUInt32BE(bytes)
  filler[4] = 0x0c
  return { ...tag, body: Buffer.concat([tag.body, filler]) }
}
