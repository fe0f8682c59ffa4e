import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { transcodeLimits } from '../../../config/limits.js'

/** The last output of the program, for the sentence that explains its end. */
const STDERR_CHARS = 300

/** One running ffmpeg: bytes in, bytes out. It lives as long as its part of a conversion. */
export class FfmpegProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  #closed = false
  #stderr = ''
  /** Pieces that were not written because the program did not keep up. */
  leftOut = 0

  /** `fail` is called with a sentence when it ends by itself. */
  constructor(args: readonly string[], handle: (chunk: Buffer) => void, fail: (reason: string) => void) {
    const all = ['-hide_banner', '-loglevel', 'error', '-nostats', ...args]
    this.#child = spawn('ffmpeg', all, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true })
    this.#child.stdout.on('data', (chunk: Buffer) => {
      if (this.#closed) return
      try {
        handle(chunk)
      } catch (error) {
        // What ffmpeg wrote cannot be read: the end of this conversion, not of the process.
        this.close()
        fail(error instanceof Error ? error.message : String(error))
      }
    })
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_CHARS)
    })
    // The exit tells the same.
    this.#child.stdin.on('error', () => undefined)
    const end = (how: string): void => {
      if (!this.#closed) fail(`ffmpeg ended (${how}): ${this.#stderr.trim().replaceAll('\n', '; ')}`)
      this.#closed = true
    }
    this.#child.on('error', (error) => end(error.message))
    // After the last output.
    this.#child.on('close', (code, signal) => end(signal ?? `exit code ${String(code)}`))
  }

  /** False when the piece was left out. Only whole pieces are, so what follows can still be read. */
  write(piece: Uint8Array): boolean {
    if (this.#closed || this.#child.stdin.writableLength > transcodeLimits.queueBytes) {
      this.leftOut++
      return false
    }
    this.#child.stdin.write(piece)
    return true
  }

  /** Writes the last piece: the program ends by itself once it has answered it. */
  end(piece: Uint8Array): void {
    if (!this.#closed) this.#child.stdin.end(piece)
  }

  close(): void {
    this.#closed = true
    this.#child.kill('SIGKILL')
  }
}
