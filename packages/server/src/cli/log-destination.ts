import { write, writeSync } from 'node:fs'
import type { DestinationStream } from 'pino'
import { observeLimits } from '../config/index.js'

const STDERR = 2
/** A descriptor that cannot take bytes now is tried again after this … */
const RETRY_MS = 100
/** … and after a failed write, because a full disk may have room again later. */
const RETRY_FAILED_MS = 1000
/** Errors of a permanently closed reader. */
const GONE = new Set(['EPIPE', 'EBADF'])

/** The destination of log lines, with a flush before the process ends. */
export interface LogDestination extends DestinationStream {
  flush(): void
}

/** The two calls of `node:fs` that lines need, with a descriptor bound to them; a test brings its own. */
export interface LineFile {
  write(bytes: Uint8Array, done: (error: NodeJS.ErrnoException | null, written: number) => void): void
  /** Throws the system's error. */
  writeSync(bytes: Uint8Array): number
}

/**
 * Lines on stderr: JSON for programs, one readable line each in a terminal, where `interrupt` returns the text that
 * ends an unfinished line.
 */
export function stderrDestination(readable: boolean, interrupt: () => string = () => ''): LogDestination {
  const shown = (line: string): string => (readable ? interrupt() + formatLine(line) : line)
  const file: LineFile = {
    write: (bytes, done) => {
      write(STDERR, bytes, done)
    },
    writeSync: (bytes) => writeSync(STDERR, bytes),
  }
  const lines = new WaitingLines(file, (lost) => shown(lostLine(lost)))
  return {
    write: (line) => {
      lines.add(shown(line))
    },
    flush: () => {
      lines.flush()
    },
  }
}

/** As the log writes it. */
function lostLine(lost: number): string {
  const fields = {
    level: 'warn',
    time: new Date().toISOString(),
    lost,
    msg: 'Log lines were lost: the output did not accept them',
  }
  return `${JSON.stringify(fields)}\n`
}

/**
 * Lines on their way to a file whose reader may stall or disappear, or whose disk may be full, without delaying or
 * ending the process. Once the file accepts lines again, one line says how many were lost.
 */
export class WaitingLines {
  readonly #file: LineFile
  readonly #lostLine: (lost: number) => string
  #lost = 0
  #waiting: Buffer[] = []
  /** The piece that is being written, or will be retried. */
  #piece: Uint8Array | undefined
  #bytes = 0
  #isWriting = false
  #isClosed = false

  constructor(file: LineFile, describeLost: (lost: number) => string = lostLine) {
    this.#file = file
    this.#lostLine = describeLost
  }

  /** Accepts a line, or drops it when too much waits or the reader is gone. */
  add(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#isClosed) return
    // In order: behind a gap nothing waits before the gap can be told.
    if (this.#lost > 0 || this.#bytes + bytes.length > observeLimits.logWaitingBytes) {
      this.#lost++
      return
    }
    this.#waiting.push(bytes)
    this.#bytes += bytes.length
    this.#write()
  }

  /** Writes the waiting lines immediately, up to the first EAGAIN: an ending process does not wait. */
  flush(): void {
    // The line being written is already with the system; writing it again would duplicate it.
    const piece = this.#isWriting ? undefined : this.#piece
    const rest = Buffer.concat(piece === undefined ? this.#waiting : [piece, ...this.#waiting])
    this.#forget()
    try {
      for (let at = 0; at < rest.length;) at += this.#file.writeSync(rest.subarray(at))
    } catch {
      // The reader is gone or blocked: nothing more can be written.
    }
  }

  /** All that waits goes out in one piece. */
  #write(): void {
    if (this.#isWriting) return
    if (this.#piece === undefined && this.#waiting.length > 0) {
      this.#piece = Buffer.concat(this.#waiting)
      this.#waiting = []
    }
    const piece = this.#piece
    if (piece === undefined) return
    this.#isWriting = true
    this.#file.write(piece, (error, written) => {
      // A flush came between.
      if (this.#piece !== piece) return
      this.#isWriting = false
      if (error !== null) this.#stopOrRetry(error)
      else this.#take(piece, written)
    })
  }

  #take(piece: Uint8Array, written: number): void {
    this.#bytes -= written
    this.#piece = written === piece.length ? undefined : piece.subarray(written)
    if (this.#piece === undefined && this.#waiting.length === 0 && this.#lost > 0) {
      const line = this.#lostLine(this.#lost)
      this.#lost = 0
      this.add(line)
    }
    this.#write()
  }

  #stopOrRetry(error: NodeJS.ErrnoException): void {
    if (GONE.has(error.code ?? '')) {
      // A closed stderr (a pipe whose reader went away) must not end the server.
      this.#isClosed = true
      this.#forget()
      return
    }
    const isBusy = error.code === 'EAGAIN' || error.code === 'EBUSY'
    setTimeout(() => this.#write(), isBusy ? RETRY_MS : RETRY_FAILED_MS).unref()
  }

  #forget(): void {
    this.#waiting = []
    this.#piece = undefined
    this.#bytes = 0
    this.#isWriting = false
  }
}

/**
 * `12:34:56.789 info  A publish began  app=live stream=x` of one JSON line. Its texts were escaped before. Another line, such as
 * one of a crash, stays as it is.
 */
export function formatLine(line: string): string {
  if (!line.startsWith('{"level":')) return line
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const values = Object.entries(fields).map(([name, value]) => `${name}=${formatValue(value)}`)
  const head = `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(msg)}`
  return `${values.length === 0 ? head : `${head}  ${values.join(' ')}`}\n`
}

function formatValue(value: unknown): string {
  if (typeof value === 'string' && value !== '' && !/[\s="]/.test(value)) return value
  return JSON.stringify(value)
}
