import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { controlMessage, parseControl, WireReader, type Micros, type WireMessage } from '@crossroom/media'
import { recordLimits } from '../config/index.js'
import type { Clock } from '../hub/index.js'
import type { Log } from '../observe/index.js'
import { RECORD_MESSAGE, type Settings, type Told, type Trouble } from './ipc.js'

/** What the record process tells. */
export interface RecordProcessHandlers {
  /** It is there: it knows of what is on disk, which was told, and of nothing that runs. */
  handleReady(): void
  handleTold(told: Told): void
  handleTrouble(trouble: Trouble): void
  /** It is gone, and another one will come. */
  handleLost(): void
}

export interface RecordProcessOptions {
  readonly clock: Clock
  readonly log: Log
  readonly settings: Settings
  readonly handlers: RecordProcessHandlers
}

const PIPE = 3
const STDERR_CHARS = 400

/** The record process, kept alive: started again when it ends. It holds no codecs, and ends by itself with its pipe. */
export class RecordProcess {
  readonly #options: RecordProcessOptions
  #child: ChildProcess | undefined
  #pipe: Socket | undefined
  #isReady = false
  #isClosed = false
  #pause: Micros = recordLimits.restartFirstMicros
  #cancelRestart: (() => void) | undefined

  constructor(options: RecordProcessOptions) {
    this.#options = options
  }

  get isReady(): boolean {
    return this.#isReady
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Bytes that it has not taken yet. */
  get queuedBytes(): number {
    return this.#pipe?.writableLength ?? 0
  }

  start(): void {
    if (this.#isClosed || this.#child !== undefined) return
    const { log } = this.#options
    const child = spawn(process.execPath, [entry()], {
      stdio: ['ignore', 'ignore', 'pipe', 'overlapped'],
      env: environment(),
      // So that a signal to the server's group leaves it the time to finish its files.
      detached: true,
      windowsHide: true,
    })
    child.on('error', (error) => this.#handleExit(child, error.message))
    if (child.pid === undefined) return
    this.#child = child
    const pipe = (this.#pipe = child.stdio[PIPE] as Socket)
    const reader = new WireReader((message) => this.#handleMessage(child, message))
    pipe.on('data', (chunk: Buffer) => {
      reader.push(chunk)
      if (reader.broken) child.kill('SIGKILL')
    })
    pipe.on('error', () => undefined)
    child.stderr?.on('data', (chunk: Buffer) => {
      log.warn({ text: chunk.toString('utf8').trim().slice(0, STDERR_CHARS) }, 'Record process output')
    })
    child.on('exit', (code, signal) => this.#handleExit(child, signal ?? `exit code ${String(code)}`))
    child.unref()
    pipe.unref()
    this.send(controlMessage(RECORD_MESSAGE.settings, 0, this.#options.settings))
  }

  /** Whatever is sent before `handleReady` is lost. */
  send(message: Uint8Array): void {
    this.#pipe?.write(message)
  }

  /** False when it is left out: there is no process, or too much waits for it. */
  sendFrame(message: Uint8Array): boolean {
    if (!this.#isReady || this.queuedBytes > recordLimits.pipeBytes) return false
    this.send(message)
    return true
  }

  /** Lets it finish its files; resolves when it has, or at the deadline. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelRestart?.()
    const child = this.#child
    if (child === undefined) return
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(recordLimits.finishMicros, resolve)
      child.once('exit', () => {
        cancel()
        resolve()
      })
      child.ref()
      this.#pipe?.end()
    })
  }

  #handleMessage(child: ChildProcess, message: WireMessage): void {
    if (child !== this.#child) return
    const { handlers } = this.#options
    switch (message.type) {
      case RECORD_MESSAGE.ready:
        this.#isReady = true
        this.#pause = recordLimits.restartFirstMicros
        return handlers.handleReady()
      case RECORD_MESSAGE.told:
        return handlers.handleTold(parseControl(message) as Told)
      case RECORD_MESSAGE.trouble:
        return handlers.handleTrouble(parseControl(message) as Trouble)
    }
  }

  #handleExit(child: ChildProcess, reason: string): void {
    if (this.#child !== undefined && child !== this.#child) return
    this.#child = undefined
    this.#pipe = undefined
    this.#isReady = false
    if (this.#isClosed) return
    const { clock, log, handlers } = this.#options
    log.warn({ reason, restartMs: this.#pause / 1000 }, 'The record process ended and is started again')
    this.#cancelRestart = clock.after(this.#pause, () => this.start())
    this.#pause = Math.min(this.#pause * 2, recordLimits.restartMaxMicros)
    handlers.handleLost()
  }
}

/** Beside this file when that is built; in the build folder when this is the source, as in tests. */
function entry(): string {
  const beside = fileURLToPath(new URL('./worker/main.js', import.meta.url))
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../dist/record/worker/main.js', import.meta.url))
}

function environment(): NodeJS.ProcessEnv {
  const { PATH, TZ, TMPDIR, SystemRoot } = process.env
  return Object.fromEntries(Object.entries({ PATH, TZ, TMPDIR, SystemRoot }).filter(([, value]) => value !== undefined))
}
