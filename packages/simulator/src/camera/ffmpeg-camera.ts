import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { FlvStreamReader, FlvTagReader, type MediaFrame } from '@crossroom/media'

import type { Camera, CameraSettings } from './camera.js'

/** A camera of Linux. */
const DEVICE = /^\/dev\/video\d+$/
/** The kernel's list of sound devices, a line each: `00-00: ALC257 Analog : … : playback 1 : capture 1`. */
const SOUND_DEVICES = '/proc/asound/pcm'
/** Lines of ffmpeg's complaints that are kept for the message. */
const MAX_COMPLAINT = 500

/** A film of any kind, or the machine's own camera and microphone, coded by ffmpeg as a phone would. */
export class FfmpegCamera implements Camera {
  readonly #source: string
  readonly #settings: CameraSettings
  readonly #gopSeconds: number
  readonly #failed: (sentence: string) => void
  #child: ChildProcessByStdio<null, Readable, Readable> | undefined

  /** Throws when the file or device cannot be read; `failed` tells what ffmpeg complained of when it ends by itself. */
  constructor(
    source: string,
    options: {
      readonly settings: CameraSettings
      readonly gopSeconds: number
      readonly failed: (sentence: string) => void
    },
  ) {
    try {
      accessSync(source, constants.R_OK)
    } catch (problem) {
      throw new Error(`${source} cannot be opened: ${(problem as Error).message}`, { cause: problem })
    }
    this.#source = source
    this.#settings = options.settings
    this.#gopSeconds = options.gopSeconds
    this.#failed = options.failed
  }

  start(handle: (frame: MediaFrame) => void): void {
    const child = spawn('ffmpeg', ffmpegArguments(this.#source, this.#settings, this.#gopSeconds), {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    const file = new FlvStreamReader()
    const tags = new FlvTagReader()
    const frames: MediaFrame[] = []
    let complaint = ''
    child.stderr.on('data', (text: Buffer) => (complaint = (complaint + text.toString()).slice(-MAX_COMPLAINT)))
    child.stdout.on('data', (bytes: Buffer) => {
      file.handleInput(bytes)
      for (let tag = file.pollTag(); tag; tag = file.pollTag())
        tags.readTag(tag.type, tag.timestampMs, tag.body, 0, frames)
      for (const frame of frames.splice(0)) handle(frame)
    })
    child.on('error', ({ message }) => this.#end(child, `ffmpeg is needed for ${this.#source}: ${message}`))
    child.on('close', () => this.#end(child, `ffmpeg cannot read ${this.#source}: ${asOneLine(complaint)}`))
  }

  configure(): void {
    // ffmpeg goes on as it began.
  }

  askKeyframe(): void {
    // ffmpeg has its keyframes where it has them.
  }

  stop(): void {
    const child = this.#child
    this.#child = undefined
    child?.kill()
  }

  #end(child: object, sentence: string): void {
    if (this.#child !== child) return
    this.#child = undefined
    this.#failed(sentence)
  }
}

function asOneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, '; ')
}

/** How ffmpeg is called to code a film, or a camera of this machine, as a phone would. */
export function ffmpegArguments(source: string, settings: CameraSettings, gopSeconds: number): string[] {
  const { width, height, frameRate, bitrate, sampleRate } = settings
  const size = `${String(width)}:${String(height)}`
  const input = DEVICE.test(source) ? deviceInput(source) : ['-re', '-stream_loop', '-1', '-i', source]
  const fit = `scale=${size}:force_original_aspect_ratio=decrease,pad=${size}:-1:-1,fps=${String(frameRate)}`
  const speed = ['-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p']
  const rate = ['-maxrate', String(bitrate), '-bufsize', String(bitrate)]
  const gop = ['-g', String(Math.round(frameRate * gopSeconds)), '-bf', '0']
  const sound = ['-c:a', 'aac', '-ac', '1', '-ar', String(sampleRate), '-b:a', '48k']
  const output = ['-flush_packets', '1', '-f', 'flv', 'pipe:1']
  const picture = ['-vf', fit, '-c:v', 'libx264', ...speed, ...rate, ...gop]
  return ['-v', 'error', '-nostdin', ...input, ...picture, ...sound, ...output]
}

/** Size and rate are preferences: a driver with others says so and continues. Without a microphone there is silence. */
function deviceInput(source: string): string[] {
  const picture = ['-f', 'v4l2', '-framerate', '30', '-video_size', '640x480', '-thread_queue_size', '64', '-i', source]
  const microphone = ['-f', 'alsa', '-thread_queue_size', '64', '-i', 'default']
  const silence = ['-re', '-f', 'lavfi', '-i', 'anullsrc=sample_rate=48000:channel_layout=mono']
  return [...picture, ...(hasMicrophone() ? microphone : silence)]
}

function hasMicrophone(): boolean {
  try {
    return readFileSync(SOUND_DEVICES, 'utf8').includes('capture')
  } catch {
    return false
  }
}
