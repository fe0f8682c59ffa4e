import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  ADTS_HEADER_LENGTH,
  audioConfigFromAdts,
  byteLengthOfAnnexB,
  FlvStreamReader,
  FlvTagReader,
  isAudioFrame,
  isVideoFrame,
  parseAdtsFrame,
  writeAdtsHeader,
  writeAnnexB,
  type AudioConfig,
  type AudioFrame,
  type MediaFrame,
  type VideoConfig,
  type VideoFrame,
} from '@crossroom/media'
import { buildSync } from 'esbuild'
import { expect } from 'vitest'
import { systemClock } from '../net/clock.js'
import { silentLog } from '../observe/log.js'
import type { Order } from './catalog.js'
import { CodecProcess, type CodecProcessOptions } from './codec-process.js'
import { childSpawner } from './spawn-child.js'
export { rms, toneShare } from './tones.fake.js'
import { ivfFrame, ivfHead, type IvfCodec } from './worker/ffmpeg/ivf.js'
import { OggWriter } from './worker/ffmpeg/ogg.js'

/** The worker built from its source as it is now: what `tsc` left in dist may be older. Beside node-av, to find it. */
export function buildWorker(): string {
  const root = fileURLToPath(new URL('../../../../', import.meta.url))
  const outfile = `${root}node_modules/.cache/crossroom/codec-worker-${String(process.pid)}.mjs`
  mkdirSync(fileURLToPath(new URL('.', `file://${outfile}`)), { recursive: true })
  buildSync({
    entryPoints: [fileURLToPath(new URL('./worker/main.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['source'],
    external: ['node-av'],
    logLevel: 'error',
  })
  process.once('exit', () => rmSync(outfile, { force: true }))
  return outfile
}

/** A codec process with real codecs. */
export function realProcess(
  entry: string,
  options: Partial<CodecProcessOptions> & { engines?: readonly string[] } = {},
): CodecProcess {
  const { engines = [] } = options
  return new CodecProcess({
    lane: 'audio',
    clock: systemClock,
    log: silentLog,
    heartbeats: 4,
    spawn: childSpawner({ log: silentLog, entry, engines }),
    ...options,
  })
}

/** Converts all frames at once; resolves when `done` says that enough has come out. */
export async function convertAll(
  codecs: CodecProcess,
  order: Order,
  frames: readonly MediaFrame[],
  done: (out: readonly MediaFrame[]) => boolean,
): Promise<MediaFrame[]> {
  const out: MediaFrame[] = []
  let failure: string | undefined
  const channel = codecs.open(order, {
    handleReady: () => {
      for (const frame of frames) channel.send(frame)
    },
    handleFrame: (frame) => out.push(frame),
    handleLost: () => (failure = 'the codec process is gone'),
    handleFailed: (reason) => (failure = reason),
  })
  await until(() => failure !== undefined || done(out), 'the last frame')
  channel.close()
  if (failure !== undefined) throw new Error(failure)
  return out
}

/** A process with the engine, ready; rejects with a sentence when the engine is not there. */
export async function readyProcess(engine: string, lane: 'audio' | 'video'): Promise<CodecProcess> {
  const codecs = realProcess(buildWorker(), { lane, engines: [engine] })
  codecs.start()
  await until(() => codecs.state !== 'starting', 'the codec process')
  if (codecs.state === 'ready') return codecs
  throw new Error(`This test needs the codec engine ${engine}: ${codecs.reasons.join('; ')}`)
}

/** Resolves when `done` says so, looked at every 5 ms; rejects with `what` after `seconds`. */
export async function until(done: () => boolean, what: string, seconds = 10): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!done()) {
    if (performance.now() > end) throw new Error(`Waited ${String(seconds)} s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What ffmpeg's filter makes of it, as AAC frames from time 0 on. */
export function aacFrames(filter: string, rate: number, channels: number, seconds: number): AudioFrame[] {
  const input = ['-f', 'lavfi', '-i', filter, '-t', String(seconds), '-ar', String(rate), '-ac', String(channels)]
  const stream = ffmpeg([...input, '-c:a', 'aac', '-b:a', channels === 1 ? '64k' : '128k', '-f', 'adts', '-'])
  const frames: AudioFrame[] = []
  let config: AudioConfig | undefined
  for (let adts = parseAdtsFrame(stream); adts !== undefined; adts = parseAdtsFrame(stream, adts.end)) {
    config ??= audioConfigFromAdts(adts)!
    const pts = Math.round((frames.length * 1024 * 1e6) / rate)
    frames.push(audioFrame(config, pts, new Uint8Array(stream.subarray(adts.start, adts.end))))
  }
  return frames
}

export function audioFrame(config: AudioConfig, pts: number, bytes: Uint8Array): AudioFrame {
  return { config, pts, dts: pts, keyframe: true, units: [bytes], receivedAt: pts, droppable: false }
}

/** Mono samples at 48 kHz of AAC frames that follow each other without gap, from the first frame's time on. */
export function decodeAac(frames: readonly AudioFrame[]): Float32Array {
  return pcm(Buffer.concat(frames.map(adts)), 'aac')
}

/** The same of Opus frames; nothing is skipped, so the first sample belongs to the first frame's time. */
export function decodeOpus(frames: readonly MediaFrame[]): Float32Array {
  return pcm(oggOpus(frames.filter(isAudioFrame)), 'ogg')
}

function pcm(stream: Buffer, format: string): Float32Array {
  const bytes = ffmpeg(['-f', format, '-i', '-', '-af', 'pan=mono|c0=c0', '-ar', '48000', '-f', 'f32le', '-'], stream)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

/** Where the sound first passes half of its loudest value, in samples. */
export function onset(samples: Float32Array): number {
  let peak = 0
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample))
  return samples.findIndex((sample) => Math.abs(sample) >= peak / 2)
}

/** Pictures of ffmpeg's test source as an encoder with these arguments makes them. */
export function videoFrames(seconds: number, size: string, encoder: readonly string[]): VideoFrame[] {
  const source = `testsrc2=size=${size}:rate=25:duration=${String(seconds)}`
  const stream = ffmpeg(['-f', 'lavfi', '-i', source, '-pix_fmt', 'yuv420p', ...encoder, '-f', 'flv', '-'])
  const file = new FlvStreamReader()
  const tags = new FlvTagReader()
  const frames: MediaFrame[] = []
  file.handleInput(stream)
  for (let tag = file.pollTag(); tag !== undefined; tag = file.pollTag()) {
    tags.readTag(tag.type, tag.timestampMs, tag.body, 0, frames)
  }
  return frames.filter(isVideoFrame)
}

/** The same by an encoder whose frames FLV does not hold. */
export function ivfFrames(
  codec: 'vp8' | 'vp9' | 'av1',
  seconds: number,
  size: string,
  encoder: readonly string[],
): VideoFrame[] {
  const source = `testsrc2=size=${size}:rate=25:duration=${String(seconds)}`
  const stream = ffmpeg(['-f', 'lavfi', '-i', source, '-pix_fmt', 'yuv420p', ...encoder, '-g', '25', '-f', 'ivf', '-'])
  const [width, height] = size.split('x').map(Number) as [number, number]
  const config: VideoConfig = {
    ...{ kind: 'video', codec, description: new Uint8Array(0), parameterSets: [], nalLengthSize: 4 },
    ...{ width, height, codecString: codec, reorderFrames: 0, orientation: 90 },
  }
  const frames: VideoFrame[] = []
  for (let offset = 32; offset < stream.length; offset += 12 + stream.readUInt32LE(offset)) {
    const bytes = new Uint8Array(stream.subarray(offset + 12, offset + 12 + stream.readUInt32LE(offset)))
    const pts = frames.length * 40_000
    const keyframe = frames.length % 25 === 0
    frames.push({
      config,
      pts,
      dts: pts,
      keyframe,
      units: [bytes],
      receivedAt: pts,
      captureTime: pts + 7,
      droppable: false,
    })
  }
  return frames
}

const PICTURE = { width: 64, height: 36 } as const

/** The pictures, small and grey, in the order they are shown. */
function decodePictures(frames: readonly MediaFrame[]): Uint8Array[] {
  const codec = frames[0]!.config.codec
  const stream = codec === 'h264' ? Buffer.concat(frames.map(annexB)) : ivf(frames)
  const { width, height } = PICTURE
  const filter = `scale=${String(width)}:${String(height)}:flags=area,format=gray`
  const input = ['-f', codec === 'h264' ? 'h264' : 'ivf', '-i', '-', '-vsync', '0']
  const bytes = ffmpeg([...input, '-vf', filter, '-f', 'rawvideo', '-'], stream)
  const length = width * height
  return Array.from({ length: bytes.length / length }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  )
}

/** Mean difference of two small grey pictures, 0 … 255. */
function difference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0
  for (let index = 0; index < a.length; index++) sum += Math.abs(a[index]! - b[index]!)
  return sum / a.length
}

function annexB(frame: MediaFrame): Buffer {
  const { config } = frame
  const sets = config.kind === 'video' && frame.keyframe ? config.parameterSets : []
  const units = [...sets, ...frame.units]
  const bytes = Buffer.alloc(byteLengthOfAnnexB(units))
  writeAnnexB(units, bytes, 0)
  return bytes
}

function ivf(frames: readonly MediaFrame[]): Buffer {
  const { codec } = frames[0]!.config
  const parts: Uint8Array[] = [ivfHead(codec as IvfCodec, 0, 0)]
  for (const frame of frames) parts.push(ivfFrame(frame.units[0]!, frame.pts / 1000))
  return Buffer.concat(parts)
}

/**
 * The pictures of `out` are those of `source`, one by one: what a low bitrate costs is allowed, being like the picture
 * of 0.4 s before or after is not. Answers how many were compared.
 */
export function expectSamePictures(out: readonly MediaFrame[], source: readonly MediaFrame[]): number {
  const [made, wanted] = [decodePictures(out), decodePictures(source)]
  for (const [index, picture] of made.entries()) {
    const own = difference(picture, wanted[index]!)
    expect(own).toBeLessThan(8)
    for (const other of [wanted[index - 10], wanted[index + 10]]) {
      if (other !== undefined) expect(own).toBeLessThan(difference(picture, other))
    }
  }
  return made.length
}

/** Runs the system's ffmpeg. */
export function ffmpeg(args: readonly string[], input?: Buffer): Buffer {
  return execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...args], {
    maxBuffer: 1 << 28,
    ...(input === undefined ? { stdio: ['ignore', 'pipe', 'pipe'] } : { input }),
  })
}

function adts(frame: AudioFrame): Buffer {
  const bytes = frame.units[0]!
  const out = Buffer.alloc(ADTS_HEADER_LENGTH + bytes.length)
  out.set(bytes, writeAdtsHeader(frame.config, bytes.length, out, 0))
  return out
}

/** Nothing is skipped: the first sample belongs to the first frame's time. */
function oggOpus(frames: readonly AudioFrame[]): Buffer {
  const ogg = new OggWriter()
  const packets = frames.map((frame, index) => ogg.packet(frame.units[0]!, (index + 1) * 960))
  return Buffer.concat([ogg.head(frames[0]!.config), ...packets])
}
