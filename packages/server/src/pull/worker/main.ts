import { Socket } from 'node:net'
import { controlMessage, WireReader } from '@crossroom/media'
import { pullLimits } from '../../config/limits.js'
import { PullHost } from './host.js'
import { loadLibrary } from './library.js'
import { PULL_MESSAGE } from './orders.js'

/** Where the server put its end of the pipe. */
const PIPE = 3

/** A pull child: one pipe to the server, FFmpeg's demuxers behind it. It ends as soon as the pipe does. */
async function main(): Promise<void> {
  const pipe = new Socket({ fd: PIPE, readable: true, writable: true })
  pipe.on('close', () => process.exit(0))
  pipe.on('error', () => process.exit(0))
  // Ctrl-C reaches the whole process group; the server decides when its children go.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
  const library = await loadLibrary().catch((error: unknown) => String(error))
  if (typeof library === 'string') {
    pipe.end(controlMessage(PULL_MESSAGE.ready, 0, { why: library }))
    return
  }
  const host = new PullHost(library, {
    write: (message) => void pipe.write(message),
    get isFull() {
      return pipe.writableLength > pullLimits.childQueueBytes
    },
  })
  const reader = new WireReader(host.handleMessage)
  pipe.on('data', (chunk: Buffer) => {
    reader.push(chunk)
    if (reader.broken) process.exit(1)
  })
  pipe.write(controlMessage(PULL_MESSAGE.ready, 0, {}))
}

void main()
