import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { splitLengthPrefixed, type FlvTag } from '@crossroom/media'
import { packagingsOf, setsOf } from '../../packages/media/src/flv/foreign-packaging.fake.js'
import {
  configsOf,
  flvFileOf,
  makeClip,
  publishRtmp,
  run,
  startServer,
  tagsOf,
  temporaryPath,
  watchHttpFlv,
  type TestServer,
} from '../harness/index.js'

const HEADER = 5

let server: TestServer
let tags: FlvTag[]

beforeAll(async () => {
  const clip = makeClip({ sound: [] })
  ;[server, tags] = await Promise.all([startServer(), clip.then(async ({ path }) => tagsOf(await readFile(path)))])
})
afterAll(() => server.stop())

test('however an encoder packages H.264, HTTP-FLV players decode it without an error', async () => {
  const record = new Uint8Array(configsOf(tags)[0]!.body.subarray(HEADER))
  const pictures = tags.filter((tag) => tag.type === 9 && tag.body[1] === 1)
  for (const [index, packaging] of packagingsOf('h264', record).entries()) {
    const name = `live/wrapped-${String(index)}`
    const sets = setsOf('h264', record)
    const own = packaging.record(sets)
    const push = await publishRtmp(`${server.rtmp}/${name}`)
    if (own !== undefined) push.send([{ type: 9, timestampMs: 0, body: withHeader([0x17, 0, 0, 0, 0], own) }])
    push.send(
      pictures.map(({ timestampMs, body }) => {
        const units: Uint8Array[] = []
        splitLengthPrefixed(body, HEADER, body.length, 4, units)
        const frame = packaging.frame(units, sets, body[0] === 0x17)
        return { type: 9, timestampMs, body: withHeader(body.subarray(0, HEADER), frame) }
      }),
    )
    const viewer = watchHttpFlv(`${server.http}/${name}.flv`)
    await viewer.frames(pictures.length)
    viewer.close()
    push.end()
    const path = temporaryPath('wrapped.flv')
    await writeFile(path, flvFileOf(viewer.tags))
    const decoded = await run('ffmpeg', ['-v', 'warning', '-nostdin', '-i', path, '-f', 'null', '-'], 20_000)
    expect([packaging.name, decoded.stderr]).toEqual([packaging.name, ''])
  }
}, 60_000)

function withHeader(header: ArrayLike<number>, payload: Uint8Array): Uint8Array {
  const body = new Uint8Array(header.length + payload.length)
  body.set(header)
  body.set(payload, header.length)
  return body
}
