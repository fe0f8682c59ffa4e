import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MS, SECOND } from '../../../../test/scenarios/stage.js'
import { fetchLimits, pullLimits } from '../config/limits.js'
import { StreamKey } from '../hub/index.js'
import { JobStore, StateDirectory } from '../jobs/index.js'
import { silentLog } from '../observe/index.js'
import { expectRefusal, PullStage, settled } from './pulls.fake.js'
import { parsePullOption, pullKind } from './spec.js'

const URL_1 = 'rtmp://camera.example/live/1'
const KEY = StreamKey.plain('live/cam')
const sink = { kind: 'flv', handleFrame: () => undefined, handleEnd: () => undefined }

test('a pull publishes from the first frame on, and says what it does', async () => {
  const stage = new PullStage()
  const id = await stage.add({ url: URL_1, stream: 'live/cam' })
  expect(stage.pulls.get(id)).toMatchObject({ state: 'connecting', stream: 'live/cam', source: 'rest', bytesIn: 0 })
  expect(stage.hub.get(KEY)).toBeUndefined()
  stage.send()
  expect(stage.pulls.get(id)).toMatchObject({ state: 'live', bytesIn: 100 })
  expect(stage.hub.get(KEY)?.framesIn).toBe(1)
  expect(await stage.pulls.remove(id)).toBe(true)
  expect(stage.fetch.isClosed).toBe(true)
  expect(await stage.pulls.remove(id)).toBe(false)
})

test('a source that is silent is left after the timeout, and tried again after a pause', async () => {
  const stage = new PullStage()
  const id = await stage.add({ url: URL_1, stream: 'live/cam', timeoutMs: 2000 })
  for (let i = 0; i < 5; i++) {
    await stage.pass(1900 * MS)
    stage.send()
  }
  expect(stage.fetches.length).toBe(1)
  await stage.pass(2000 * MS)
  expect(stage.fetch.isClosed).toBe(true)
  expect(stage.pulls.get(id)).toMatchObject({ state: 'waiting', error: 'No frame came for 2000 ms.' })
  await stage.pass(pullLimits.retryFirstMs * MS)
  expect(stage.fetches.length).toBe(2)
  stage.send()
  expect(stage.pulls.get(id)).not.toHaveProperty('error')
  expect(stage.pulls.get(id)?.state).toBe('live')
})

test('pauses grow up to the limit, are shorter by chance, and begin anew after a source was live for a while', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 8, maxLength: 8 }),
      async (chances) => {
        const stage = new PullStage()
        await stage.add({ url: URL_1, stream: 'live/cam' })
        const { retryFirstMs: firstMs, retryMaxMs: maxMs } = pullLimits
        for (const [index, chance] of chances.entries()) {
          stage.random = chance
          const count = stage.fetches.length
          await stage.fail({ message: 'Gone.' })
          const longest = Math.min(maxMs, firstMs * 2 ** index)
          await stage.pass((longest / 2) * MS - 1)
          expect(stage.fetches.length).toBe(count)
          await stage.pass((longest / 2) * MS + 1)
          expect(stage.fetches.length).toBe(count + 1)
        }
        stage.send()
        await stage.fail({ message: 'Gone.' })
        await stage.pass((maxMs / 2) * MS - 1)
        expect(stage.pulls.list()[0]?.state).toBe('waiting')
        await stage.pass(maxMs * MS)
        for (let sent = 0; sent <= pullLimits.steadyMicros; sent += SECOND) {
          stage.send()
          await stage.pass(SECOND)
        }
        await stage.fail({ message: 'Gone.' })
        await stage.pass(firstMs * MS)
        expect(stage.pulls.list()[0]?.state).toBe('connecting')
      },
    ),
    { numRuns: 20 },
  )
})

test('a source that refuses the credentials is not asked again soon', async () => {
  const stage = new PullStage()
  await stage.add({ url: URL_1, stream: 'live/cam' })
  await stage.fail({ message: 'Wrong password.', denied: true })
  await stage.pass((pullLimits.deniedFirstMs / 2) * MS - 1)
  expect(stage.fetches.length).toBe(1)
  await stage.pass(pullLimits.deniedFirstMs * MS)
  expect(stage.fetches.length).toBe(2)
})

test('a pull on demand runs from the first viewer until some seconds after the last', async () => {
  const stage = new PullStage()
  await stage.add({ url: URL_1, stream: 'live/cam', onDemand: true })
  expect(stage.fetches.length).toBe(0)
  const seen: (string | undefined)[] = []
  const detach: (() => void)[] = []
  stage.hub.find(KEY, 5 * SECOND, (stream) => {
    seen.push(stream?.key.name)
    if (stream !== undefined) detach.push(stream.subscribe(sink, 'live'))
  })
  await settled()
  expect(stage.fetches.length).toBe(1)
  stage.send()
  expect(seen).toEqual(['live/cam'])
  await stage.pass(3 * SECOND)
  stage.send()
  expect(stage.fetch.isClosed).toBe(false)
  detach[0]!()
  await stage.pass(fetchLimits.lingerMicros - 1)
  expect(stage.fetch.isClosed).toBe(false)
  await stage.pass(1)
  expect(stage.fetch.isClosed).toBe(true)
  expect(stage.pulls.list()[0]).toMatchObject({ state: 'waiting' })
  await stage.pass(60 * SECOND)
  expect(stage.fetches.length).toBe(1)
})

test('viewers stay while a source on demand is away for a moment', async () => {
  const stage = new PullStage()
  await stage.add({ url: URL_1, stream: 'live/cam', onDemand: true })
  const ends: unknown[] = []
  stage.hub.find(KEY, 5 * SECOND, (stream) =>
    stream?.subscribe({ ...sink, handleEnd: (reason) => void ends.push(reason) }, 'live'),
  )
  await settled()
  stage.send()
  await stage.fail({ message: 'Gone.' })
  await stage.pass(3 * SECOND)
  stage.send()
  expect(stage.pulls.list()[0]?.state).toBe('live')
  expect(ends).toEqual([])
})

test('a stream that has another publisher is left to it', async () => {
  const stage = new PullStage()
  const ends: string[] = []
  stage.hub.open(KEY).publish({ id: 'p', protocol: 'rtmp', remoteAddress: '', onClose: (end) => ends.push(end) })
  const id = await stage.add({ url: URL_1, stream: 'live/cam' })
  stage.send()
  expect(stage.pulls.get(id)).toMatchObject({ state: 'waiting', error: 'live/cam already has a publisher.' })
  expect(ends).toEqual([])
  expect(stage.fetch.isClosed).toBe(true)
})

test('what an operator ends is fetched again, later', async () => {
  const stage = new PullStage()
  const id = await stage.add({ url: URL_1, stream: 'live/cam' })
  stage.send()
  stage.hub.get(KEY)!.publication!.close('kicked')
  expect(stage.pulls.get(id)).toMatchObject({ state: 'waiting', error: 'The publisher was removed.' })
  await stage.pass(pullLimits.deniedFirstMs * MS)
  expect(stage.fetches.length).toBe(2)
})

test('a room that refuses the device is not asked again soon, and nothing is fetched', async () => {
  const stage = new PullStage()
  stage.roomAnswers.push(() => Promise.reject(new Error('You were removed from this room.')))
  const id = await stage.add({ url: URL_1, room: 'yard', userId: 'gate' })
  expect(stage.fetches).toEqual([])
  expect(stage.pulls.get(id)).toMatchObject({ room: 'yard', userId: 'gate', error: 'You were removed from this room.' })
})

test('one place has one pull', async () => {
  const stage = new PullStage()
  stage.roomAnswers.push(() => new Promise(() => undefined))
  await stage.add({ url: URL_1, stream: 'live/cam' })
  await expectRefusal(stage.add({ url: 'rtmp://other.example/live/1', stream: 'live/cam' }), 'BUSY')
  await stage.add({ url: URL_1, room: 'yard', userId: 'gate' })
  await expectRefusal(stage.add({ url: URL_1, room: 'yard', userId: 'gate' }), 'BUSY')
})

test('pulls made by REST outlive the server, those of the configuration come first', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroom-pulls-'))
  const open = () => {
    const state = StateDirectory.open(folder, silentLog)
    return { state, stage: new PullStage(new JobStore(state, pullKind)) }
  }
  const first = open()
  const id = await first.stage.add({ url: URL_1, stream: 'live/kept' })
  await first.stage.add({ url: URL_1, stream: 'live/cam' })
  first.stage.pulls.close()
  first.state.close()
  const second = open()
  second.stage.pulls.open([parsePullOption('live/cam=rtmp://own.example/a/b#on-demand')])
  const listed = second.stage.pulls.list()
  expect(listed.map(({ stream, source }) => [stream, source])).toEqual([
    ['live/cam', 'config'],
    ['live/kept', 'rest'],
  ])
  expect(listed[1]).toMatchObject({ id, url: URL_1 })
  second.state.close()
  rmSync(folder, { recursive: true })
})

test('neither lists nor logs have secrets, whatever the source says', async () => {
  const stage = new PullStage()
  const url = 'https://root:t0p%20secret@camera.example/a.flv?token=abcdef123'
  const id = await stage.add({ url, stream: 'live/cam' })
  await stage.fail({ message: `no root:t0p secret here, nor t0p%20secret, nor token=abcdef123 in ${url}` })
  const shown = [JSON.stringify(stage.pulls.get(id)), ...stage.logged].join('\n')
  expect(shown).not.toMatch(/t0p|abcdef123/)
  expect(shown).toContain('camera.example/a.flv')
})
