import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { MS, SECOND } from '../../../../test/scenarios/stage.js'
import { fetchLimits, publisherLimits, pushLimits } from '../config/limits.js'
import { StreamKey } from '../hub/index.js'
import { JobStore, StateDirectory } from '../jobs/index.js'
import { silentLog } from '../observe/index.js'
import { Forwards } from './forwards.js'
import { PushStage, settled } from './pushes.fake.js'
import { parsePushOption, pushKind } from './spec.js'

const KEY = StreamKey.plain('live/cam')

async function stageWith(fields: object = {}, store?: ConstructorParameters<typeof PushStage>[0]) {
  const stage = new PushStage(store)
  stage.pushes.open([])
  const id = await stage.add({ stream: 'live/cam', ...fields })
  return { stage, id, info: () => stage.pushes.get(id)! }
}

test('a push waits for its stream, connects, and says what it does', async () => {
  const { stage, id, info } = await stageWith()
  expect(info()).toMatchObject({ state: 'waiting', stream: 'live/cam', source: 'rest', bytesOut: 0, failures: 0 })
  stage.live()
  expect(info().state).toBe('connecting')
  stage.target.accept()
  stage.send('video')
  expect(info()).toMatchObject({ state: 'pushing', pushingSince: 1000 })
  expect(stage.target.got.map((line) => line.split(' ')[0])).toEqual(['key', 'video'])
  stage.leave()
  expect(info().state).toBe('waiting')
  expect(stage.target.isClosed).toBe(true)
  stage.live()
  expect(stage.targets.length).toBe(2)
  expect(await stage.pushes.remove(id)).toBe(true)
  expect(stage.target.isClosed).toBe(true)
  expect(await stage.pushes.remove(id)).toBe(false)
})

test('a target that fails is told with its reason and the next attempt; pauses grow and begin anew', async () => {
  const { stage, info } = await stageWith({ url: 'rtmp://target.example/live/the-key' })
  stage.live()
  for (const pauseMs of [250, 500, 1000, 2000]) {
    stage.target.handlers.failed({ message: 'No room for the-key.' })
    expect(info()).toMatchObject({ state: 'retrying', error: 'No room for [redacted].' })
    expect(info().nextTryAt).toBe(stage.clock.now() / 1000 + pauseMs)
    const count = stage.targets.length
    stage.send('key')
    await stage.pass(pauseMs * MS - 1)
    expect(stage.targets.length).toBe(count)
    await stage.pass(1)
    expect(stage.targets.length).toBe(count + 1)
  }
  expect(info()).toMatchObject({ state: 'connecting', failures: 4 })
  stage.target.accept()
  expect(info()).not.toHaveProperty('error')
  for (let passed = 0; passed <= pushLimits.steadyMicros; passed += SECOND) {
    stage.send('key')
    await stage.pass(SECOND)
  }
  stage.target.handlers.failed({ message: 'Gone.' })
  expect(info().nextTryAt).toBe(stage.clock.now() / 1000 + 250)
  expect(stage.logged.join()).not.toContain('the-key')
})

test('a target that does not answer is left, and one that refuses credentials is asked rarely', async () => {
  const { stage, info } = await stageWith()
  stage.live()
  for (let passed = 0; passed < pushLimits.connectMicros; passed += SECOND) {
    stage.send('key')
    await stage.pass(SECOND)
  }
  expect(stage.targets[0]!.isClosed).toBe(true)
  expect(info().error).toBe('The target did not accept the stream in time.')
  await stage.pass(pushLimits.retryFirstMs * MS)
  stage.target.handlers.failed({ message: 'No.', denied: true })
  expect(info().nextTryAt! - stage.clock.now() / 1000).toBeGreaterThanOrEqual(pushLimits.deniedFirstMs / 2)
})

test('a push asks for its stream as a player does, and one on demand does not', async () => {
  for (const onDemand of [false, true]) {
    const stage = new PushStage()
    const asked: string[] = []
    stage.hub.addResolver({ resolve: (key) => asked.push(key.name) > 0, release: () => undefined })
    stage.pushes.open([])
    await stage.add({ stream: 'live/cam', onDemand })
    expect(asked).toEqual(onDemand ? [] : ['live/cam'])
  }
})

test('a push on demand goes with a stream that is fetched, and leaves it when nobody else is there', async () => {
  const stage = new PushStage()
  let isFetched = false
  stage.hub.addResolver({
    resolve: () => (isFetched = true),
    release: () => {
      isFetched = false
      stage.leave()
    },
  })
  stage.pushes.open([])
  const id = await stage.add({ stream: 'live/cam', onDemand: true })
  const viewer = { kind: 'flv', handleFrame: () => undefined, handleEnd: () => undefined }
  const cancel = stage.hub.find(KEY, SECOND, () => undefined)
  expect(isFetched).toBe(true)
  stage.live()
  cancel()
  const leave = stage.hub.get(KEY)!.subscribe(viewer, 'gop')
  expect(stage.pushes.get(id)?.state).toBe('connecting')
  stage.target.accept()
  expect(stage.pushes.get(id)?.state).toBe('pushing')
  leave()
  expect(stage.pushes.get(id)?.state).toBe('waiting')
  const again = stage.hub.get(KEY)!.subscribe(viewer, 'gop')
  expect(stage.pushes.get(id)?.state).toBe('connecting')
  again()
  await stage.pass(fetchLimits.lingerMicros)
  expect(isFetched).toBe(false)
})

test('a push once ends with its stream, is not kept, and makes place for others', async () => {
  const { stage, info } = await stageWith({ once: true })
  stage.live()
  stage.target.accept()
  stage.leave()
  expect(info().state).toBe('waiting')
  await stage.pass(publisherLimits.graceMicros)
  expect(info().state).toBe('ended')
  stage.live()
  expect(stage.targets.length).toBe(1)
})

test('a slow target misses frames up to a keyframe, which are counted; others miss nothing', async () => {
  const { stage, info } = await stageWith()
  await stage.add({ stream: 'live/cam', url: 'rtmp://other.example/live/key' })
  stage.live()
  const [slow, other] = stage.targets
  for (const target of [slow!, other!]) target.accept()
  slow!.isFull = true
  for (const what of ['video', 'audio', 'key', 'video'] as const) stage.send(what)
  slow!.isFull = false
  for (const what of ['audio', 'video', 'key', 'audio', 'video'] as const) stage.send(what)
  const kinds = (got: readonly string[]) => got.map((line) => line.split(' ')[0]).join(' ')
  expect(kinds(slow!.got)).toBe('key key audio video')
  expect(kinds(other!.got)).toBe('key video audio key video audio video key audio video')
  expect(info().droppedFrames).toBe(6)
})

test('two pushes of one stream to one target are one too many', async () => {
  const { stage } = await stageWith()
  await expect(stage.add({ stream: 'live/cam' })).rejects.toMatchObject({ code: 'BUSY' })
  await stage.add({ stream: 'live/other' })
  await stage.add({ stream: 'live/cam', url: 'rtmp://target.example/live/other' })
})

test('pushes made by REST are there after a restart, those of the configuration beside them; forwards are not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pushes-'))
  const openStore = () => {
    const directory = StateDirectory.open(folder, silentLog)
    return { directory, store: new JobStore(directory, pushKind) }
  }
  const first = openStore()
  const { stage, id } = await stageWith({}, first.store)
  new Forwards(stage.pushes).start('live/cam', { url: 'rtmp://target.example/live/forwarded' })
  await stage.add({ stream: 'live/once', once: true })
  expect(stage.pushes.list().map(({ source }) => source)).toEqual(['rest', 'forward', 'rest'])
  stage.pushes.close()
  first.directory.close()
  const second = openStore()
  const again = new PushStage(second.store)
  again.pushes.open([parsePushOption('live/cam=rtmp://other.example/live/key#on-demand')])
  expect(again.pushes.list().map((one) => [one.id, one.source])).toEqual([
    ['config-1', 'config'],
    [id, 'rest'],
  ])
  await again.pushes.remove(id)
  await settled()
  second.directory.close()
  const third = openStore()
  expect(third.store.load()).toEqual([])
  third.directory.close()
  rmSync(folder, { recursive: true })
})

test('forwards are pushes on demand under their older names', async () => {
  const stage = new PushStage()
  stage.pushes.open([])
  const forwards = new Forwards(stage.pushes)
  const { id } = forwards.start('live/cam', { url: 'rtmp://target.example/live/key' })
  stage.live()
  stage.target.accept()
  expect(forwards.get(id)).toMatchObject({ state: 'forwarding', url: 'rtmp://target.example/live/[redacted]' })
  stage.target.handlers.failed({ message: 'Gone.' })
  expect(forwards.list()).toMatchObject([{ state: 'retrying', lastError: 'Gone.' }])
  const rest = await stage.add({ stream: 'live/cam' })
  expect(forwards.stop(rest)).toBe(false)
  expect(forwards.stop(id)).toBe(true)
  expect(forwards.get(id)).toBeUndefined()
})
