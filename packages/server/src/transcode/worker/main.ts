import { Socket } from 'node:net'
import { transcodeLimits } from '../../config/limits.js'
import { MessageReader } from '../ipc/message-reader.js'
import { controlMessage, MESSAGE_TYPE } from '../ipc/message.js'
import { loadEngine } from './load-engine.js'
import { ConversionHost } from './host.js'

/** Where the server put its end of the pipe, see `process.ts`. */
const PIPE = 3

/** Answers are gathered up to so much while there is input: a cached start comes in one piece and takes its time. */
const WRITE_BYTES = 4096

/**
 * The codec process: one pipe to the server, codecs behind it. It holds nothing that is worth saving, so it ends as
 * soon as the pipe does and may be killed at any time.
 */
async function main(): Promise<void> {
  const pipe = new Socket({ fd: PIPE, readable: true, writable: true })
  pipe.on('close', () => process.exit(0))
  pipe.on('error', () => process.exit(0))
  // Ctrl-C reaches the whole process group; the server decides when its codecs go.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
  const { engine, reasons } = await loadEngine(process.argv.slice(2))
  if (engine === undefined) {
    pipe.end(controlMessage(MESSAGE_TYPE.ready, 0, { reasons }))
    return
  }
  const write = (message: Uint8Array): void => {
    // A server that does not read loses output; what it missed would be late anyway.
    if (pipe.writableLength < transcodeLimits.queueBytes) pipe.write(message)
    if (pipe.writableCorked === 0 || pipe.writableLength < WRITE_BYTES) return
    pipe.uncork()
    pipe.cork()
  }
  const host = new ConversionHost(engine, write, {
    nowMs: () => performance.now(),
    after: (ms, callback) => {
      const timer = setTimeout(() => {
        // As for input: what all mixes of a beat give goes out in one write.
        pipe.cork()
        callback()
        pipe.uncork()
      }, ms)
      return () => clearTimeout(timer)
    },
  })
  const reader = new MessageReader(host.handleMessage)
  pipe.on('data', (chunk: Buffer) => {
    // What several conversions answer goes out in one write.
    pipe.cork()
    reader.push(chunk)
    pipe.uncork()
    if (reader.broken) process.exit(1)
  })
  pipe.write(controlMessage(MESSAGE_TYPE.ready, 0, { engine: engine.name, reasons }))
}

void main()
