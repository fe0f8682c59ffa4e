import { Socket } from 'node:net'
import { WireReader } from '@crossroom/media'
import { recordLimits } from '../../config/limits.js'
import { Recorder } from './recorder.js'

/** Where the server put its end of the pipe. */
const PIPE = 3

/**
 * The record process: frames come by a pipe, files go out. The end of the pipe finishes every file, so a server that is
 * killed costs nothing of what it has sent.
 */
function main(): void {
  const pipe = new Socket({ fd: PIPE, readable: true, writable: true })
  // Ctrl-C reaches the whole process group; the pipe says when it is time.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
  const startMs = performance.timeOrigin
  const recorder = new Recorder(
    (message) => {
      if (pipe.writable) pipe.write(message)
    },
    (time) => startMs + performance.now() - (Number(process.hrtime.bigint() / 1000n) - time) / 1000,
  )
  let isOver = false
  const finish = (): void => {
    if (isOver) return
    isOver = true
    void recorder.close().finally(() => process.exit(0))
  }
  pipe.on('end', finish)
  pipe.on('close', finish)
  pipe.on('error', finish)
  const reader = new WireReader(recorder.handleMessage)
  pipe.on('data', (chunk: Buffer) => {
    reader.push(chunk)
    if (reader.broken) finish()
  })
  setInterval(() => recorder.tick(), recordLimits.flushMicros / 1000)
  setInterval(() => recorder.sweep(), recordLimits.retentionMicros / 1000)
}

main()
