import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  byteLengthOfAnnexB,
  FlvTagReader,
  isVideoFrame,
  writeAnnexB,
  type FlvTag,
  type VideoFrame,
} from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  mediaOf,
  playRtmp,
  publishRtmp,
  run,
  startServer,
  tagsOf,
  temporaryPath,
  until,
  untilStream,
  untilViewers,
  watchHttpFlv,
  type TestServer,
} from '../harness/index.js'

/** 100 pictures: an IDR picture, then a CRA picture every 20, each with three B-pictures behind it that are shown before it. */
const FIXTURE = fileURLToPath(new URL('../fixtures/media/enhanced-hevc-open-gop.flv', import.meta.url))

let server: TestServer
let configs: FlvTag[]
let pictures: FlvTag[]
/** What a decoder shows that has got everything. */
let whole: Set<string>
/** Where the second and the third GOP begin. */
let second: number
let third: number

beforeAll(async () => {
  server = await startServer()
  const tags = tagsOf(await readFile(FIXTURE))
  pictures = mediaOf(tags)
  ;[, second, third] = pictures.flatMap(({ body }, index) => (((body[0]! >> 4) & 7) === 1 ? [index] : [])) as [
    number,
    number,
    number,
  ]
  configs = tags.filter((tag) => tag.type === 9 && !pictures.includes(tag)).slice(0, 1)
  whole = new Set(await shownOf([...configs, ...pictures]))
  expect(whole.size).toBe(100)
})
afterAll(() => server.stop())

/** A hash of each picture that ffmpeg shows of these tags, broken ones included. */
async function shownOf(tags: readonly FlvTag[]): Promise<string[]> {
  const reader = new FlvTagReader()
  const frames: VideoFrame[] = []
  const out: Parameters<FlvTagReader['readTag']>[4] = []
  for (const { type, timestampMs, body } of tags) reader.readTag(type, timestampMs, body, 0, out)
  frames.push(...out.filter(isVideoFrame))
  const units = frames.flatMap(({ config, units }, index) =>
    config === frames[index - 1]?.config ? units : [...config.parameterSets, ...units],
  )
  const bytes = new Uint8Array(byteLengthOfAnnexB(units))
  writeAnnexB(units, bytes, 0)
  const path = temporaryPath('shown.h265')
  await writeFile(path, bytes)
  const { stdout } = await run('ffmpeg', [...'-v quiet -f hevc -i'.split(' '), path, '-f', 'framemd5', '-'])
  return stdout.split('\n').flatMap((line) => (/^\d/.test(line) ? [line.split(',').at(-1)!.trim()] : []))
}

const broken = async (tags: readonly FlvTag[]): Promise<string[]> =>
  (await shownOf(tags)).filter((picture) => !whole.has(picture))

test('viewers who join within an open H.265 GOP see only whole pictures', async () => {
  const publisher = await publishRtmp(`${server.rtmp}/live/joined`)
  publisher.send([...configs, ...pictures.slice(0, second)])
  await untilStream(server, 'live/joined', 'live', 1)
  const viewers = []
  // Right behind the CRA picture, and behind each of the pictures that are shown before it.
  for (let sent = second; sent < second + 6; sent++) {
    publisher.send(pictures.slice(sent, sent + 1))
    await untilStream(server, 'live/joined', 'live', sent + 1)
    viewers.push(watchHttpFlv(`${server.http}/live/joined.flv`), await playRtmp(`${server.rtmp}/live/joined`))
    await untilViewers(server, 'live/joined', viewers.length)
  }
  publisher.send(pictures.slice(second + 6))
  const last = pictures.at(-1)!.body.subarray(-16)
  for (const viewer of viewers) {
    const hasLast = (): boolean => viewer.media.some(({ body }) => Buffer.compare(body.subarray(-16), last) === 0)
    await until('the last picture', hasLast)
    // Nobody is sent what refers to pictures before the first: not every decoder leaves it out.
    const first = viewer.media[0]!
    const showsAt = ({ timestampMs, body }: FlvTag): number => timestampMs + Buffer.from(body).readIntBE(5, 3)
    expect(viewer.media.every((tag) => showsAt(tag) >= showsAt(first))).toBe(true)
    expect(viewer.media.length).toBeGreaterThan(75)
    expect(await broken(viewer.tags)).toEqual([])
  }
  publisher.end()
})

test('after a publisher returns within an open GOP its viewers see only whole pictures', async () => {
  const name = 'live/back'
  const first = await publishRtmp(`${server.rtmp}/${name}`)
  first.send([...configs, ...pictures.slice(0, 10)])
  await untilStream(server, name, 'live', 1)
  const viewers = [watchHttpFlv(`${server.http}/${name}.flv`), await playRtmp(`${server.rtmp}/${name}`)]
  await untilViewers(server, name, 2)
  first.end()
  await untilStream(server, name, 'grace')
  const next = await publishRtmp(`${server.rtmp}/${name}`)
  next.send([...configs, ...pictures.slice(third)])
  for (const viewer of viewers) {
    await until('the pictures of the second', () => viewer.media.length >= 65)
    expect(await broken(viewer.tags)).toEqual([])
  }
  next.end()
})
