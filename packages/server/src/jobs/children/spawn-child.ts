import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { WireReader, type WireMessage } from '@crossroom/media'
import type { Log } from '../../observe/index.js'

/** A running child and the pipe to it. */
export interface Child {
  write(message: Uint8Array): void
  /** Bytes that it has not taken. */
  readonly waitingBytes: number
  /** Ends it at once; `exited` follows. */
  kill(): void
}

export interface ChildHandlers {
  message(message: WireMessage): void
  /** Called once, and not before `SpawnChild` returned. */
  exited(reason: string): void
}

/** Starts a child. */
export type SpawnChild = (handlers: ChildHandlers) => Child

const STDERR_CHARS = 400
const PIPE = 3
/** Every job blocks a thread of libuv while it waits for its peer; with the default of 4, hung peers would starve the others. */
const THREADS = '64'

/**
 * Starts children for the jobs of FFmpeg: the same node, another program, one two-way pipe. `folder`: of the layer whose
 * `worker/main.js` it is.
 */
export function jobChildSpawner(folder: 'pull' | 'push', log: Log): SpawnChild {
  return (handlers) => {
    const { PATH, HOME, TMPDIR } = process.env
    // Secrets of the server's environment are not for a process that reads what strangers send.
    const env = { ...{ PATH, HOME, TMPDIR, UV_THREADPOOL_SIZE: THREADS } }
    const child = spawn(process.execPath, [builtEntry(folder)], {
      ...{ stdio: ['ignore', 'ignore', 'pipe', 'overlapped'], env },
    })
    child.on('error', (error) => process.nextTick(() => handlers.exited(error.message)))
    if (child.pid === undefined) return { write: () => undefined, waitingBytes: 0, kill: () => undefined }
    const pipe = child.stdio[PIPE] as Socket
    const reader = new WireReader((message) => handlers.message(message))
    pipe.on('data', (chunk: Buffer) => {
      reader.push(chunk)
      if (reader.broken) child.kill('SIGKILL')
    })
    // The exit tells the same.
    pipe.on('error', () => undefined)
    child.stderr?.on('data', (chunk: Buffer) => {
      log.debug({ job: folder, text: chunk.toString('utf8').trim().slice(0, STDERR_CHARS) }, 'Output of a job process')
    })
    child.on('exit', (code, signal) => handlers.exited(signal ?? `exit code ${String(code)}`))
    // Neither the child nor its pipe keeps a server alive that has nothing else to do.
    child.unref()
    pipe.unref()
    return {
      write: (message) => void pipe.write(message),
      get waitingBytes() {
        return pipe.writableLength
      },
      kill: () => void child.kill('SIGKILL'),
    }
  }
}

/** In the folder that is built; in the build folder when this is the source, as in tests. */
function builtEntry(folder: string): string {
  const beside = fileURLToPath(new URL(`../../${folder}/worker/main.js`, import.meta.url))
  return existsSync(beside) ? beside : fileURLToPath(new URL(`../../../dist/${folder}/worker/main.js`, import.meta.url))
}
