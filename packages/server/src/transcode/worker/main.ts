import { Socket } from 'node:net'
import { WireReader, controlMessage } from '@crossroom/media'
import { transcodeLimits } from '../../config/limits.js'
import { MessageWriter } from '../ipc/message-writer.js'
import { MESSAGE_TYPE } from '../ipc/message.js'
import { loadEngine } from './load-engine.js'
import { ConversionHost } from './host.js'

/** Where the server put its end of the pipe, see `process.ts`. */
const PIPE = 3

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
  const writer = new MessageWriter((bytes) => {
    // A server that does not read loses output; what it missed would be late anyway.
    if (pipe.writableLength < transcodeLimits.queueBytes) pipe.write(bytes)
  })
  const host = new ConversionHost(
    engine,
    (message) => writer.write(message),
    () => performance.now(),
  )
  const reader = new WireReader(host.handleMessage)
  pipe.on('data', (chunk: Buffer) => {
    // What several conversions answer goes out in one write.
    writer.together(() => reader.push(chunk))
    if (reader.broken) process.exit(1)
  })
  pipe.write(controlMessage(MESSAGE_TYPE.ready, 0, { engine: engine.name, reasons }))
}

void main()
