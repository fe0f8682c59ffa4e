import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import {
  byteLengthOfTag,
  FLV_FILE_HEADER_LENGTH,
  writeFileHeader,
  writePreviousTagSize,
  writeTagHeader,
} from '@crossroom/media'
import {
  clockAge,
  clockOfBits,
  clockPicture,
  temporaryPath,
  type FlvViewer,
  type MediaTag,
} from '../../harness/index.js'

/** A picture as an FLV player would show it. */
export interface RecordedPicture {
  /** Of its tag. */
  readonly timestampMs: number
  /** Milliseconds from drawing to the arrival of the tag; undefined when its clock cannot be read. */
  readonly delayMs: number | undefined
  /** The clock in it: tells one picture from another. */
  readonly clock: number | undefined
  /** The field that marks a beep is white. */
  readonly isWhite: boolean
}

/** What a viewer got, decoded by ffmpeg. */
export interface Recording {
  readonly pictures: readonly RecordedPicture[]
  readonly sound: RecordedSound
}

const SAMPLE_RATE = 48_000
const AAC_FRAME_SAMPLES = 1024
const { width, height, blocks, blockPixels } = clockPicture
const FRAME_BYTES = width * height

/** NaN of nothing. */
export const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN

/** Decodes all that a viewer has got so far. Throws what ffmpeg said when there is nothing in it to decode. */
export function decodeRecording(viewer: FlvViewer): Recording {
  const { tags, media } = viewer
  const path = temporaryPath('recording.flv')
  writeFileSync(path, fileOf(tags))
  const video = media.filter(({ kind }) => kind === 'video')
  const audio = media.filter(({ kind }) => kind === 'audio')
  const arrivals = new Map(tags.map((tag, index) => [tag.body, viewer.arrivals[index]!]))
  const scale = ['-map', '0:v', '-vf', `scale=${String(width)}:${String(height)}`, '-fps_mode', 'passthrough']
  const raw = video.length === 0 ? Buffer.alloc(0) : decode(path, [...scale, '-pix_fmt', 'gray', '-f', 'rawvideo'])
  const pictures = video.slice(0, Math.floor(raw.length / FRAME_BYTES)).map((tag, index) => {
    const arrivedAtMs = performance.timeOrigin + arrivals.get(tag.body)!
    return pictureOf(raw.subarray(index * FRAME_BYTES, (index + 1) * FRAME_BYTES), tag, arrivedAtMs)
  })
  const mono = ['-map', '0:a', '-ac', '1', '-f', 'f32le']
  const samples = audio.length === 0 ? Buffer.alloc(0) : decode(path, mono)
  return { pictures, sound: new RecordedSound(samples, audio) }
}

/** Sound whose samples know the time stamp of their tag. */
export class RecordedSound {
  readonly samples: Float32Array
  readonly #tags: readonly MediaTag[]

  constructor(bytes: Buffer, tags: readonly MediaTag[]) {
    this.samples = new Float32Array(new Uint8Array(bytes).buffer)
    this.#tags = tags
  }

  /** When a sample is to be heard, in milliseconds of the stream. */
  timeOf(sample: number): number {
    const tag = Math.min(this.#tags.length - 1, Math.floor(sample / AAC_FRAME_SAMPLES))
    return this.#tags[tag]!.timestampMs + ((sample - tag * AAC_FRAME_SAMPLES) * 1000) / SAMPLE_RATE
  }

  /** The strength of one tone, as an amplitude: the median over pieces of a fifth of a second. */
  amplitudeAt(hz: number): number {
    const length = SAMPLE_RATE / 5
    const pieces = Math.floor(this.samples.length / length)
    return medianOf(Array.from({ length: pieces }, (_, index) => this.#amplitude(hz, index * length, length)))
  }

  #amplitude(hz: number, from: number, length: number): number {
    const turn = (2 * Math.PI * hz) / SAMPLE_RATE
    let [real, imaginary] = [0, 0]
    for (let i = from; i < from + length; i++) {
      real += this.samples[i]! * Math.cos(turn * i)
      imaginary += this.samples[i]! * Math.sin(turn * i)
    }
    return (2 * Math.hypot(real, imaginary)) / length
  }

  /** When beeps begin, in milliseconds of the stream: the level is twice that of the tone beneath, after being at it. */
  get beeps(): number[] {
    const found: number[] = []
    const quiet = SAMPLE_RATE / 4
    let lastLoud = 0
    for (let i = 0; i < this.samples.length; i++) {
      if (Math.abs(this.samples[i]!) < 0.35) continue
      if (i - lastLoud > quiet) found.push(this.timeOf(i))
      lastLoud = i
    }
    return found
  }
}

/**
 * Milliseconds by which the sound comes after the picture (negative: before) for each full second in the recording: from
 * the first white picture to the beginning of the beep.
 */
export function lipSyncOf({ pictures, sound }: Recording): number[] {
  const whiteAt = pictures.flatMap((picture, index) =>
    picture.isWhite && index > 0 && !pictures[index - 1]!.isWhite ? [picture.timestampMs] : [],
  )
  const { beeps } = sound
  return whiteAt.flatMap((at) => {
    const nearest = beeps.reduce((best, beep) => (Math.abs(beep - at) < Math.abs(best - at) ? beep : best), Infinity)
    return Math.abs(nearest - at) < 450 ? [nearest - at] : []
  })
}

function pictureOf(gray: Buffer, tag: MediaTag, arrivedAtMs: number): RecordedPicture {
  const row = (blockPixels / 2) * width
  const clock = clockOfBits(
    Array.from({ length: blocks }, (_, block) => gray[row + block * blockPixels + blockPixels / 2]! > 128),
  )
  const middle = gray.subarray((height / 2) * width, (height / 2 + 1) * width)
  const bright = middle.reduce((count, level) => count + (level > 170 ? 1 : 0), 0)
  return {
    timestampMs: tag.timestampMs,
    clock,
    delayMs: clock === undefined ? undefined : clockAge(clock, arrivedAtMs),
    isWhite: bright > width / 2,
  }
}

function decode(path: string, output: readonly string[]): Buffer {
  const args = ['-v', 'error', '-nostdin', '-i', path, ...output, 'pipe:1']
  const { stdout, stderr, status } = spawnSync('ffmpeg', args, { maxBuffer: 2 ** 30 })
  if (status !== 0) throw new Error(`ffmpeg could not decode the recording: ${stderr.toString()}`)
  return stdout
}

function fileOf(tags: FlvViewer['tags']): Uint8Array {
  const lengths = tags.map(({ body }) => byteLengthOfTag(body.length))
  const out = new Uint8Array(lengths.reduce((sum, length) => sum + length, FLV_FILE_HEADER_LENGTH + 4))
  let at = writeFileHeader({ audio: true, video: true }, out, 0)
  for (const { type, body, timestampMs } of tags) {
    at = writeTagHeader(type, body.length, timestampMs, out, at)
    out.set(body, at)
    at = writePreviousTagSize(body.length, out, at + body.length)
  }
  return out.subarray(0, at)
}
