import type { Socket } from 'node:net'
import type { Micros } from '@crossroom/media'
import type { ListeningClock } from './clock.js'

/** The kernel's data about TCP sockets by descriptor, from the native package. */
export interface TcpKernel {
  /**
   * Three numbers for each of the first `count`: bytes acknowledged by the peer's kernel, bytes that wait for that, and how many
   * bytes in all the peer's kernel accepts so far, which increases while the peer reads; -1: unknown.
   */
  tcpProgress(fds: Int32Array, count: number, out: Float64Array): void
  /** Limits the unsent data in the kernel. */
  tcpBoundUnsent(fd: number, bytes: number): void
}

export interface SocketWatchLimits {
  /** Data that may wait in this process for one socket. */
  readonly waitingBytes: number
  /** While bytes wait, the peer must take some within this. */
  readonly stalledMicros: Micros
  /** Unsent data that the kernel may keep for one socket. */
  readonly unsentBytes: number
  /** More unread data than this in the peer's kernel means that its program does not read. */
  readonly unreadBytes: number
  readonly sweepMicros: Micros
}

export type CutReason = 'overflow' | 'stalled'

export interface SocketWatchOptions {
  readonly clock: Pick<ListeningClock, 'listened' | 'after'>
  readonly limits: SocketWatchLimits
  /** Without it a peer counts as stalled only once the kernel's buffer is full. */
  readonly kernel?: TcpKernel | undefined
  onCut(kind: string, reason: CutReason): void
}

interface Watched {
  readonly socket: Socket
  readonly kind: string
  readonly fd: number
  /** Acknowledged bytes and time of the last acknowledgement by the peer's kernel. */
  taken: number
  movedAt: Micros
  /** The peer's receive window edge, and acknowledged bytes and time when it last advanced: its program reads. */
  edge: number
  readTaken: number
  readAt: Micros
}

/**
 * Watches every socket to which this process writes: a socket with too much waiting data is closed at the write, one
 * whose peer reads nothing for too long by a sweep. `net` registers each socket on creation, so no protocol can bypass
 * this.
 */
export class SocketWatch {
  readonly #options: SocketWatchOptions
  readonly #sockets = new Set<Watched>()
  readonly cuts: Record<CutReason, number> = { overflow: 0, stalled: 0 }
  #fds = new Int32Array(64)
  #progress = new Float64Array(192)
  #cancelSweep: (() => void) | undefined

  constructor(options: SocketWatchOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#sockets.size
  }

  /** From here to its close the socket is watched. `kind` names it in metrics. */
  add<S extends Socket>(socket: S, kind: string): S {
    const { clock, limits, kernel } = this.#options
    const fd = descriptorOf(socket)
    if (fd >= 0) kernel?.tcpBoundUnsent(fd, limits.unsentBytes)
    const now = clock.listened()
    const watched: Watched = { socket, kind, fd, taken: 0, movedAt: now, edge: -1, readTaken: 0, readAt: now }
    this.#sockets.add(watched)
    socket.once('close', () => this.#sockets.delete(watched))
    this.#boundWrites(watched)
    this.#cancelSweep ??= clock.after(limits.sweepMicros, this.#sweep)
    return socket
  }

  /** Stops looking. Idempotent. */
  close(): void {
    this.#cancelSweep?.()
    this.#cancelSweep = undefined
    this.#sockets.clear()
  }

  /** The socket's own method, for HTTP answers and WebSockets write without asking us. */
  #boundWrites(watched: Watched): void {
    const { socket } = watched
    const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
    socket.write = (...args: unknown[]): boolean => {
      const isFree = write(...args)
      if (socket.writableLength > this.#options.limits.waitingBytes) this.#cut(watched, 'overflow')
      return isFree
    }
  }

  #cut(watched: Watched, reason: CutReason): void {
    if (watched.socket.destroyed) return
    this.cuts[reason]++
    this.#sockets.delete(watched)
    watched.socket.destroy()
    this.#options.onCut(watched.kind, reason)
  }

  readonly #sweep = (): void => {
    const { clock, limits, kernel } = this.#options
    const sockets = [...this.#sockets]
    this.#askKernel(sockets, kernel)
    const now = clock.listened()
    // What moved did so between two sweeps: in the middle of them, on the average.
    const limit = limits.stalledMicros - limits.sweepMicros / 2
    sockets.forEach((watched, i) => {
      const waiting = kernel === undefined ? -1 : this.#progress[3 * i + 1]!
      const { socket } = watched
      const taken = waiting < 0 ? socket.bytesWritten - socket.writableLength : this.#progress[3 * i]!
      const isIdle = socket.writableLength === 0 && waiting <= 0
      if (this.#readsNothing(watched, taken, waiting < 0 ? -1 : this.#progress[3 * i + 2]!, now, limit))
        this.#cut(watched, 'stalled')
      else if (isIdle || taken !== watched.taken) {
        watched.taken = taken
        watched.movedAt = now
      } else if (now - watched.movedAt >= limit) this.#cut(watched, 'stalled')
    })
    this.#cancelSweep = this.#sockets.size === 0 ? undefined : clock.after(limits.sweepMicros, this.#sweep)
  }

  /**
   * A frozen program reads nothing while its kernel still accepts megabytes, but the window edge no longer advances.
   */
  #readsNothing(watched: Watched, taken: number, edge: number, now: Micros, limit: Micros): boolean {
    const unread = taken - watched.readTaken
    if (edge > watched.edge || edge < 0 || unread === 0) {
      watched.edge = edge
      watched.readTaken = taken
      watched.readAt = now
    } else if (now - watched.readAt >= limit) {
      if (unread >= this.#options.limits.unreadBytes) return true
      // Encoders that never read are sent a few bytes now and then.
      watched.readTaken = taken
      watched.readAt = now
    }
    return false
  }

  #askKernel(sockets: readonly Watched[], kernel: TcpKernel | undefined): void {
    if (kernel === undefined) return
    if (sockets.length > this.#fds.length) {
      this.#fds = new Int32Array(2 * sockets.length)
      this.#progress = new Float64Array(6 * sockets.length)
    }
    sockets.forEach(({ fd, socket }, i) => (this.#fds[i] = socket.destroyed ? -1 : fd))
    kernel.tcpProgress(this.#fds, sockets.length, this.#progress)
  }
}

/** The descriptor, which Node does not expose; -1 if there is none. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as { _handle?: { readonly fd?: number } | null }
  return handle?.fd ?? -1
}
