import type { Writable } from 'node:stream'
import { AAC, LOW_DELAY } from './push.js'
import { start, type RunningProcess } from './process.js'
import { clockPicture, drawClock, newFrame } from './clock-picture.js'

/** What a push with a clock may change. */
export interface ClockPush {
  /** `rtmp://HOST:PORT/APP/STREAM` */
  readonly url: string
  /** How video is coded; default {@link LOW_DELAY}. */
  readonly video?: readonly string[]
  /** How audio is coded; default AAC; `false` pushes no audio. */
  readonly audio?: readonly string[] | false
}

const { width, height, frameRate } = clockPicture
/** 440 Hz always, and a louder 1000 Hz for three frames from each full second, when the picture turns white. */
const TONE = `aevalsrc=0.15*sin(440*2*PI*t)+0.6*sin(1000*2*PI*t)*lt(mod(t\\,1)\\,${String(3 / 25)}):s=48000`

/**
 * Pushes the picture of clock-picture.ts and a tone with ffmpeg in real time. Frames are drawn in this process the
 * moment they are due, so the clock in the picture is the start of the whole delay.
 */
export function pushClock(push: ClockPush): RunningProcess {
  const size = `${String(width)}x${String(height)}`
  const rate = String(frameRate)
  const video = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-video_size', size, '-framerate', rate, '-i', 'pipe:0']
  const sound = push.audio === false ? [] : ['-f', 'lavfi', '-i', TONE]
  const coding = [
    ...(push.video ?? LOW_DELAY),
    '-pix_fmt',
    'yuv420p',
    ...(push.audio === false ? [] : (push.audio ?? AAC)),
  ]
  const fast = ['-probesize', '32', '-analyzeduration', '0', '-fflags', 'nobuffer']
  const flush = ['-flush_packets', '1', '-shortest', '-f', 'flv', push.url]
  const args = ['-hide_banner', '-y', ...fast, ...video, ...sound, ...coding, ...flush]
  const ffmpeg = start('ffmpeg', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const stopDrawing = drawInto(ffmpeg.child.stdin!)
  void ffmpeg.exited.then(stopDrawing)
  return {
    ...ffmpeg,
    stop: () => {
      stopDrawing()
      return ffmpeg.stop()
    },
  }
}

/** Writes a frame whenever one is due, or as soon after as the reader has taken the one before. */
function drawInto(pipe: Writable): () => void {
  // Two frames in turn: one may still be in the pipe while the next one is drawn.
  const frames = [newFrame(), newFrame()]
  const startedAt = performance.now()
  let index = 0
  pipe.on('error', () => clearInterval(timer))
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * frameRate) / 1000)
    while (index <= due && pipe.writable && pipe.writableLength === 0) {
      const frame = frames[index % 2]!
      drawClock(frame, index++, Date.now())
      pipe.write(frame)
    }
  }, 5)
  return () => {
    clearInterval(timer)
    pipe.end()
  }
}
