import { Socket } from 'node:net'
import { controlMessage, WireReader, type WireMessage } from '@crossroom/media'
import { loadLibrary, type Library } from './library.js'

/** Where the server put its end of the pipe. */
const PIPE = 3

/** The pipe to the server. */
export interface WorkerPipe {
  write(message: Uint8Array): void
  /** It takes no more media now. */
  readonly isFull: boolean
}

export interface WorkerOptions {
  /** The type of the message that tells that it can work, or `why` it cannot. */
  readonly ready: number
  /** Bytes that may wait for the server. */
  readonly queueBytes: number
  /** Makes what handles the server's messages. */
  readonly open: (library: Library, pipe: WorkerPipe) => (message: WireMessage) => void
}

/** A job process: one pipe to the server, FFmpeg's libraries behind it. It ends as soon as the pipe does. */
export async function runWorker({ ready, queueBytes, open }: WorkerOptions): Promise<void> {
  const pipe = new Socket({ fd: PIPE, readable: true, writable: true })
  pipe.on('close', () => process.exit(0))
  pipe.on('error', () => process.exit(0))
  // Ctrl-C reaches the whole process group; the server decides when its children go.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
  const library = await loadLibrary().catch((error: unknown) => String(error))
  if (typeof library === 'string') {
    pipe.end(controlMessage(ready, 0, { why: library }))
    return
  }
  const handle = open(library, {
    write: (message) => void pipe.write(message),
    get isFull() {
      return pipe.writableLength > queueBytes
    },
  })
  const reader = new WireReader(handle)
  pipe.on('data', (chunk: Buffer) => {
    reader.push(chunk)
    if (reader.broken) process.exit(1)
  })
  pipe.write(controlMessage(ready, 0, {}))
}
