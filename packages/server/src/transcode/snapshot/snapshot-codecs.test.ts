import {
  h265ParameterSets,
  ParameterSetTracker,
  splitAnnexB,
  type MediaFrame,
  type Orientation,
  type VideoFrame,
} from '@crossroom/media'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { snapshotLimits } from '../../config/limits.js'
import type { CodecProcess } from '../codec-process.js'
import { ffmpeg, ivfFrames, readyProcess, until, videoFrames } from '../codec-process.fake.js'
import type { SnapshotFormat } from '../ipc/snapshot-order.js'
import { scaledSize } from '../worker/snapshot-size.js'
import { turnPicture } from '../worker/turn-picture.js'

const ENGINES = ['node-av', 'ffmpeg'] as const
const GREY = { width: 64, height: 36 } as const
const processes = new Map<string, CodecProcess>()

beforeAll(async () => {
  for (const engine of ENGINES) processes.set(engine, await readyProcess(engine, 'video'))
})

afterAll(() => {
  for (const codecs of processes.values()) codecs.close()
})

/** The file of the last frame; the others lead to it. */
async function snapshotOf(
  engine: string,
  frames: readonly MediaFrame[],
  format: SnapshotFormat,
  width?: number,
): Promise<Uint8Array> {
  let file: Uint8Array | undefined
  let failure: string | undefined
  const order = { kind: 'snapshot', format, ...(width === undefined ? {} : { width }) } as const
  const channel = processes.get(engine)!.open(order, {
    handleReady: () => frames.forEach((frame, index) => channel.send(frame, index < frames.length - 1)),
    handleFrame: ({ units }) => (file = units[0]),
    handleLost: () => (failure = 'lost'),
    handleFailed: (reason) => (failure = reason),
  })
  await until(() => file !== undefined || failure !== undefined, 'a picture')
  channel.close()
  if (file === undefined) throw new Error(failure)
  return file
}

/** A file or a raw picture, small and grey. */
function grey(file: Uint8Array, filter = 'null'): Buffer {
  const { width, height } = GREY
  const scale = `${filter},scale=${String(width)}:${String(height)}:flags=area,format=gray`
  return ffmpeg(['-f', 'image2pipe', '-i', '-', '-vf', scale, '-f', 'rawvideo', '-'], Buffer.from(file))
}

/** The first picture of the test source, on its side or not. */
function wanted(size: string, filter = 'null'): Buffer {
  const source = `testsrc2=size=${size}:rate=25:duration=0.04`
  const scale = `${filter},scale=${String(GREY.width)}:${String(GREY.height)}:flags=area,format=gray`
  return ffmpeg(['-f', 'lavfi', '-i', source, '-vf', scale, '-f', 'rawvideo', '-'])
}

function difference(a: Buffer, b: Buffer): number {
  expect(a.length).toBe(b.length)
  return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0) / a.length
}

/** Width and height as the file says: in JPEG's SOF0, in the frame header of lossy WebP. */
function sizeOf(file: Uint8Array): readonly [number, number] {
  const bytes = Buffer.from(file)
  if (bytes.toString('latin1', 0, 4) === 'RIFF')
    return [bytes.readUInt16LE(26) & 0x3fff, bytes.readUInt16LE(28) & 0x3fff]
  const sof = bytes.indexOf(Buffer.from([0xff, 0xc0]))
  return [bytes.readUInt16BE(sof + 7), bytes.readUInt16BE(sof + 5)]
}

const turned = (frames: readonly VideoFrame[], orientation: Orientation): VideoFrame[] => {
  const config = { ...frames[0]!.config, orientation }
  return frames.map((frame) => ({ ...frame, config }))
}

/** FLV of this ffmpeg does not hold it. */
function h265Keyframe(size: string): VideoFrame {
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=0.04`, '-pix_fmt', 'yuv420p']
  const units = splitAnnexB(ffmpeg([...source, '-c:v', 'libx265', '-x265-params', 'log-level=none', '-f', 'hevc', '-']))
  const sets = new ParameterSetTracker(h265ParameterSets)
  sets.observe(units)
  const config = sets.config({ orientation: 0, bitrate: 1_000_000 })!
  return { config, pts: 0, dts: 0, keyframe: true, units, receivedAt: 0, droppable: false }
}

const X264 = ['-c:v', 'libx264', '-bf', '0', '-g', '25']
const sources: Record<string, () => VideoFrame[]> = {
  h264: () => videoFrames(0.2, '640x360', X264),
  'h264 with B-frames': () => videoFrames(0.4, '640x360', ['-c:v', 'libx264', '-bf', '3', '-g', '25']),
  h265: () => [h265Keyframe('640x360')],
  vp8: () => turned(ivfFrames('vp8', 0.2, '640x360', ['-c:v', 'libvpx', '-b:v', '1M']), 0),
  vp9: () => turned(ivfFrames('vp9', 0.2, '640x360', ['-c:v', 'libvpx-vp9', '-b:v', '1M', '-cpu-used', '8']), 0),
  av1: () => turned(ivfFrames('av1', 0.2, '640x360', ['-c:v', 'libsvtav1', '-preset', '12']), 0),
}

test.each(Object.keys(sources))(
  'a keyframe of %s becomes JPEG and WebP of the width that was asked for',
  async (name) => {
    const [first] = sources[name]!()
    for (const engine of ENGINES)
      for (const format of ['jpeg', 'webp'] as const) {
        const file = await snapshotOf(engine, [first!], format, 320)
        expect(sizeOf(file)).toEqual([320, 180])
        expect(difference(grey(file), wanted('640x360'))).toBeLessThan(6)
      }
  },
  30_000,
)

test.each([90, 180, 270] as const)('a picture that is to be turned by %i° is turned', async (orientation) => {
  const frames = turned(videoFrames(0.1, '642x360', X264), orientation)
  const filter = { 90: 'transpose=clock', 180: 'hflip,vflip', 270: 'transpose=cclock' }[orientation]
  for (const engine of ENGINES) {
    const file = await snapshotOf(engine, [frames[0]!], 'jpeg', 201)
    expect(sizeOf(file)).toEqual([201, orientation === 180 ? 113 : 358])
    expect(difference(grey(file), wanted('642x360', filter))).toBeLessThan(6)
  }
})

test('frames of a warm-up lead to the last one, and pixels that are not square become so', async () => {
  const frames = videoFrames(0.4, '320x180', [...X264, '-vf', 'setsar=2/1'])
  const file = await snapshotOf('node-av', frames, 'webp')
  expect(sizeOf(file)).toEqual([640, 180])
})

test('a broken keyframe is refused with a sentence', async () => {
  const [frame] = videoFrames(0.1, '320x180', X264)
  const broken = { ...frame!, units: [new Uint8Array([0x65, 1, 2, 3])] }
  for (const engine of ENGINES) await expect(snapshotOf(engine, [broken], 'jpeg')).rejects.toThrow(/\w+ \w+/)
})

test('any size becomes the width that is asked for, in its shape, within the limits', () => {
  const { minPixels, maxPixels } = snapshotLimits
  const side = fc.integer({ min: 16, max: 8192 })
  const turn = fc.constantFrom<Orientation>(0, 90, 180, 270)
  const asked = fc.option(fc.integer({ min: minPixels, max: maxPixels }), { nil: undefined })
  fc.assert(
    fc.property(side, side, turn, asked, (width, height, orientation, want) => {
      const scaled = scaledSize({ width, height, aspect: 1 }, orientation, want)
      const isTurned = orientation % 180 !== 0
      const [across, down] = isTurned ? [scaled.height, scaled.width] : [scaled.width, scaled.height]
      const [from, to] = isTurned ? [height, width] : [width, height]
      expect(Math.min(across, down)).toBeGreaterThanOrEqual(1)
      expect(Math.max(across, down)).toBeLessThanOrEqual(maxPixels)
      if (want !== undefined && (want * to) / from <= maxPixels) expect(across).toBe(want)
      expect(Math.abs(across * to - down * from)).toBeLessThanOrEqual(Math.max(from, to))
    }),
  )
})

test('four quarter turns are none, and a turn moves every pixel of every plane', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (width, height) => {
      const half = Math.ceil(width / 2) * Math.ceil(height / 2)
      const bytes = Uint8Array.from({ length: width * height + 2 * half }, (_, index) => index % 251)
      const picture = { bytes, width, height }
      const quarter = turnPicture(picture, 90)
      expect(quarter.bytes[0]).toBe(bytes[(height - 1) * width])
      expect([quarter.width, quarter.height]).toEqual([height, width])
      expect(turnPicture(quarter, 90)).toEqual(turnPicture(picture, 180))
      expect(turnPicture(turnPicture(picture, 180), 90)).toEqual(turnPicture(picture, 270))
      expect(turnPicture(turnPicture(picture, 270), 90)).toEqual(picture)
    }),
  )
})
