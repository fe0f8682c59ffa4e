import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { WireReader } from '@crossroom/media'
import type { Log } from '../observe/index.js'
import type { Child, ChildHandlers, SpawnChild } from './codec-process.js'
import { MessageWriter } from './ipc/message-writer.js'

export interface SpawnOptions {
  readonly log: Log
  /** The program of the codec process. Default: the built one of this package. */
  readonly entry?: string
  /** Engines to try. Default: all, the best first. */
  readonly engines?: readonly string[]
}

/** Bytes of the child's stderr in one log line. */
const STDERR_CHARS = 400
/** The pipe's place among the child's descriptors; 0 to 2 are what everybody writes to. */
const PIPE = 3

/** A child that failed to start; its end is reported a moment later. */
const NO_CHILD: Child = {
  pid: undefined,
  write: () => undefined,
  together: (work) => work(),
  queuedBytes: 0,
  kill: () => undefined,
}

/** Starts codec processes: the same node, another program, one two-way pipe. */
export function childSpawner({ log, entry = builtEntry(), engines = [] }: SpawnOptions): SpawnChild {
  return (handlers: ChildHandlers): Child => {
    const child = spawn(process.execPath, [entry, ...engines], {
      stdio: ['ignore', 'ignore', 'pipe', 'overlapped'],
      // Secrets of the server's environment are not for a process that decodes what strangers send.
      env: childEnvironment(),
      windowsHide: true,
    })
    child.on('error', (error) => handlers.handleExit(error.message))
    // Without a free file descriptor, or without memory, there is no process, and then no pipe either.
    if (child.pid === undefined) return NO_CHILD
    const pipe = child.stdio[PIPE] as Socket
    const reader = new WireReader((message) => handlers.handleMessage(message))
    const writer = new MessageWriter((bytes) => void pipe.write(bytes))
    pipe.on('data', (chunk: Buffer) => {
      reader.push(chunk)
      if (reader.broken) child.kill('SIGKILL')
    })
    // The exit tells the same.
    pipe.on('error', () => undefined)
    child.stderr?.on('data', (chunk: Buffer) => {
      log.debug({ text: chunk.toString('utf8').trim().slice(0, STDERR_CHARS) }, 'Codec process output')
    })
    child.on('exit', (code, signal) => handlers.handleExit(signal ?? `exit code ${String(code)}`))
    // Neither the child nor its pipe keeps a server alive that has nothing else to do.
    child.unref()
    pipe.unref()
    return {
      pid: child.pid,
      write: (message) => writer.write(message),
      together: (work) => writer.together(work),
      get queuedBytes() {
        return pipe.writableLength
      },
      kill: () => void child.kill('SIGKILL'),
    }
  }
}

/** Beside this file when that is built; in the build folder when this is the source, as in tests. */
function builtEntry(): string {
  const beside = fileURLToPath(new URL('./worker/main.js', import.meta.url))
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../dist/transcode/worker/main.js', import.meta.url))
}

function childEnvironment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, SystemRoot } = process.env
  return {
    ...(PATH === undefined ? {} : { PATH }),
    ...(HOME === undefined ? {} : { HOME }),
    ...(TMPDIR === undefined ? {} : { TMPDIR }),
    ...(SystemRoot === undefined ? {} : { SystemRoot }),
  }
}
