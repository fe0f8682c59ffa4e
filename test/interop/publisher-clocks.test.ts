import { readFile } from 'node:fs/promises'
import { FlvTagType, type FlvTag } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  makeClip,
  mediaOf,
  RtmpPeer,
  publishRtmp,
  startServer,
  tagsOf,
  until,
  watchHttpFlv,
  X264_DEFAULTS,
  type MediaTag,
  type TestServer,
} from '../harness/index.js'

const SECONDS = 6
const AT_MS = 2500

/** What an encoder does to the time of a tag, and when it sends it. */
interface Encoder {
  readonly name: string
  readonly stamp?: (tag: FlvTag) => number
  /** Added to all composition times. */
  readonly composition?: number
  readonly sentAt?: (tag: FlvTag) => number
}

const isVideo = (tag: FlvTag) => tag.type === FlvTagType.video
const step =
  (by: number, only?: number) =>
  (tag: FlvTag): number =>
    tag.timestampMs + 5000 + (tag.timestampMs >= AT_MS && (only === undefined || only === tag.type) ? by : 0)

const ENCODERS: readonly Encoder[] = [
  { name: 'negative composition times', composition: -120 },
  { name: 'delivery held for 2 s', sentAt: ({ timestampMs: ms }) => (ms > 2000 && ms < 4000 ? 4000 : ms) },
  { name: 'both clocks stepping back by 1 s', stamp: step(-1000) },
  { name: 'both clocks stepping forward by 0.7 s', stamp: step(700) },
  { name: 'the sound stepping back by 1 s alone', stamp: step(-1000, FlvTagType.audio) },
  { name: 'pictures from an hour', stamp: (tag) => tag.timestampMs + (isVideo(tag) ? 3_600_000 : 0) },
  { name: 'sound from an hour', stamp: (tag) => tag.timestampMs + (isVideo(tag) ? 0 : 3_600_000) },
  { name: 'a wrap of 24 bits and of 32', stamp: (tag) => (tag.timestampMs + 2 ** 32 - AT_MS) % 2 ** 32 },
]

let server: TestServer
let clip: FlvTag[]
const results = new Map<string, Record<'flv' | 'rtmp', readonly MediaTag[]>>()

beforeAll(async () => {
  server = await startServer()
  const picture = ['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=25:duration=${String(SECONDS)}`]
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=44100:duration=${String(SECONDS)}`]
  const output = [...X264_DEFAULTS, '-bf', '2', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-ar', '44100']
  clip = tagsOf(await readFile((await makeClip({ picture, sound, output })).path)).filter(({ type }) => type !== 18)
  const opened = []
  for (const [index, encoder] of ENCODERS.entries()) opened.push({ encoder, ...(await open(index)) })
  await Promise.all(opened.map(async (one) => results.set(one.encoder.name, await play(one))))
}, 60_000)

afterAll(() => server.stop())

async function open(index: number) {
  const name = `live/clock${String(index)}`
  const flv = watchHttpFlv(`${server.http}/${name}.flv`)
  const peer = await publishRtmp(`${server.rtmp}/${name}`)
  const rtmp = new RtmpPeer('play', `${server.rtmp}/${name}`)
  return { flv, peer, rtmp }
}

async function play({ encoder, flv, peer, rtmp }: { encoder: Encoder } & Awaited<ReturnType<typeof open>>) {
  const { stamp = (tag) => tag.timestampMs, composition = 0, sentAt = (tag) => tag.timestampMs } = encoder
  const startedAt = performance.now()
  let sent = 0
  await until(
    'the end of the clip',
    () => {
      for (; sent < clip.length && sentAt(clip[sent]!) <= performance.now() - startedAt; sent++) {
        const tag = clip[sent]!
        peer.send([{ ...tag, timestampMs: stamp(tag), body: shifted(tag, composition) }])
      }
      return sent === clip.length
    },
    { timeoutMs: 30_000 },
  )
  const last = mediaOf(clip).filter(isVideo).length
  await until('the last picture', () => [flv, rtmp].every(({ media }) => media.filter(isVideo).length >= last))
  peer.end()
  flv.close()
  return { flv: flv.media, rtmp: rtmp.media }
}

function shifted(tag: FlvTag, composition: number): Uint8Array {
  const body = Buffer.from(tag.body)
  if (composition !== 0 && isVideo(tag) && body[1] === 1) body.writeIntBE(body.readIntBE(2, 3) + composition, 2, 3)
  return body
}

const showsAt = ({ timestampMs, body }: FlvTag): number => timestampMs + Buffer.from(body).readIntBE(2, 3)

test.each(ENCODERS.flatMap(({ name }) => (['flv', 'rtmp'] as const).map((exit) => [name, exit] as const)))(
  '%s come out in order, in sync and without holes (%s)',
  (name, exit) => {
    const media = results.get(name)![exit]
    const source = mediaOf(clip)
    const [pictures, sounds] = [media.filter(isVideo), media.filter((tag) => !isVideo(tag))]
    const [shot, heard] = [source.filter(isVideo), source.filter((tag) => !isVideo(tag))]
    for (const track of [pictures, sounds])
      for (const [index, tag] of track.slice(1).entries()) {
        expect(tag.timestampMs).toBeGreaterThan(track[index]!.timestampMs)
        expect(tag.timestampMs - track[index]!.timestampMs).toBeLessThan(150)
      }
    // Two origins are joined where the tracks arrive; a busy machine delays one, and the pictures then move to the sound.
    const tolerance = name.includes('hour') ? 120 : 0
    // Presentation times are what they were, relative to each other, wherever the clock of the pictures did not step.
    const moved = pictures.map((tag, index) => showsAt(tag) - showsAt(shot[index]!))
    expect(Math.max(...moved) - Math.min(...moved)).toBeLessThanOrEqual(Math.max(60, tolerance))
    const offsetOf = (out: MediaTag, tag: MediaTag): number => out.timestampMs - tag.timestampMs
    // Sound from before the first picture is left out.
    const [body] = sounds.map((tag) => Buffer.from(tag.body))
    const leftOut = heard.findIndex((tag) => body!.equals(tag.body))
    const apart =
      offsetOf(pictures.at(-1)!, shot[pictures.length - 1]!) -
      offsetOf(sounds.at(-1)!, heard[leftOut + sounds.length - 1]!)
    expect(Math.abs(apart)).toBeLessThan(Math.max(45, tolerance))
  },
)
