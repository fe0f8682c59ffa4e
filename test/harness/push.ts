import { createReadStream } from 'node:fs'
import { start, type RunningProcess } from './process.js'

/** A push of ffmpeg to a server. */
export interface FfmpegPush {
  /** Where to, `rtmp://HOST:PORT/APP/STREAM`. */
  readonly url: string
  /** What is read; by default a moving test picture, 640×360 at 25 frames per second, in real time, and a 440 Hz tone. */
  readonly input?: readonly string[]
  /** How it is coded; by default {@link LOW_DELAY} and AAC. */
  readonly output?: readonly string[]
  /** The container; default `flv`. */
  readonly format?: string
}

/** x264 as live encoders are set: no B-frames, a keyframe every two seconds at 25 frames per second. */
export const LOW_DELAY = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '50'] as const

/** x264 as it is when nobody sets anything: B-frames, b-pyramid, lookahead; a keyframe every two seconds at 25. */
export const X264_DEFAULTS = ['-c:v', 'libx264', '-g', '50', '-keyint_min', '50', '-sc_threshold', '0'] as const

/** AAC, 44.1 kHz mono, 64 kbit/s. */
export const AAC = ['-c:a', 'aac', '-b:a', '64k', '-ar', '44100', '-ac', '1'] as const

const TEST_PICTURE = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=25'] as const
const TONE = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=44100'] as const

/** Starts ffmpeg pushing to a server until it is stopped or its input ends. */
export function pushFfmpeg(push: FfmpegPush): RunningProcess {
  const input = push.input ?? [...TEST_PICTURE, ...TONE]
  const output = push.output ?? [...LOW_DELAY, '-pix_fmt', 'yuv420p', ...AAC]
  return start('ffmpeg', ['-hide_banner', '-nostdin', '-y', ...input, ...output, '-f', push.format ?? 'flv', push.url])
}

/** A push whose end the test decides. */
export interface ClipPush extends RunningProcess {
  /** Lets ffmpeg see the end of the clip; resolves when it has sent everything and is gone. */
  readonly finish: () => Promise<number>
}

/**
 * Pushes an FLV file with ffmpeg as fast as the server takes it, and stays connected at its end until `finish`: a
 * muxer keeps its last packets back till then.
 */
export function pushClip(path: string, url: string, options: readonly string[] = []): ClipPush {
  const args = ['-hide_banner', '-f', 'flv', ...options, '-i', 'pipe:0', '-c', 'copy', '-f', 'flv', url]
  const push = start('ffmpeg', args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const input = push.child.stdin!
  input.on('error', () => undefined)
  createReadStream(path).pipe(input, { end: false })
  const finish = (): Promise<number> => {
    input.end()
    return push.exited
  }
  return { ...push, finish }
}
