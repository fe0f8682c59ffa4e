import type { MediaFrame } from '@crossroom/media'
import { afterEach, expect, test } from 'vitest'
import { until as look } from '../../../../../test/harness/until.js'
import { audioConfig, MS, videoConfig } from '../../../../../test/scenarios/stage.js'
import { StreamKey, type Publication, type PublisherInfo } from '../../hub/index.js'
import { systemClock as clock } from '../../net/index.js'
import { RelayCluster, type NodeOptions, type RelayNode } from './relay.fake.js'

const KEY = StreamKey.plain('live/x')
const video = videoConfig()
const audio = audioConfig()
const until = (what: string, seen: () => boolean): Promise<true> => look(what, seen, { everyMs: 5 })

let cluster = new RelayCluster()
afterEach(() => {
  cluster.close()
  cluster = new RelayCluster()
})

async function nodes(count: number, options: NodeOptions = {}): Promise<RelayNode[]> {
  const made: RelayNode[] = []
  for (const tag of ['A001', 'B001', 'C001'].slice(0, count)) made.push(await cluster.node(tag, options))
  for (const one of made)
    for (const other of made) if (one !== other) await until('a link', () => one.relay.isOpen(other.tag))
  return made
}

function publish(node: RelayNode, key = KEY, info: Partial<PublisherInfo> = {}): Publication {
  const publication = node.hub
    .open(key)
    .publish({ id: 'p', protocol: 'rtmp', remoteAddress: '', onClose: () => undefined, ...info })!
  cluster.place(key, node.tag)
  return publication
}

let received = 0
function frame(config: typeof video | typeof audio, ms: number, keyframe = false): MediaFrame {
  const receivedAt = clock.now() + received++
  const units = [Uint8Array.of(1, 2, ms % 256)]
  return {
    config,
    dts: ms * MS,
    pts: ms * MS,
    keyframe: keyframe || config.kind === 'audio',
    units,
    receivedAt,
    droppable: false,
  }
}

/** A viewer on a node: what it gets, as `video 40` with the time of the stream there. */
function view(node: RelayNode, key = KEY) {
  const got: MediaFrame[] = []
  const told: string[] = []
  let leave: () => void = () => undefined
  const cancel = node.hub.find(key, 10_000 * MS, (stream) => {
    leave =
      stream?.whenTracksKnown(() => {
        if (!stream.hasFrames) return
        leave = stream.subscribe(
          {
            kind: 'test',
            handleFrame: (one) => got.push(one),
            handleInterrupted: () => told.push('interrupted'),
            handleVideoWithheld: () => told.push('withheld'),
            handleEnd: (reason) => told.push(reason),
          },
          'gop',
        )
      }, 'test') ?? leave
  })
  const lines = (): string[] => got.map(({ config, dts }) => `${config.kind} ${String(Math.round(dts / MS))}`)
  return { got, told, lines, leave: () => (cancel(), leave()) }
}

test('the first viewer elsewhere gets the cached frames in their order, with all that belongs to them', async () => {
  const [a, b] = await nodes(2)
  const publication = publish(a!)
  const script = [{ body: Uint8Array.of(1, 2), offset: 5 }]
  publication.push(frame(audio, 0))
  publication.push({ ...frame(video, 0, true), script, captureTime: clock.now() - 1000 })
  publication.push({ ...frame(audio, 21), audioLevel: 33 })
  publication.push({ ...frame(video, 40), recovery: 4 })
  const viewer = view(b!)
  await until('the cache', () => viewer.got.length === 3)
  expect(viewer.lines()).toEqual(['video 0', 'audio 21', 'video 40'])
  expect(viewer.got).toMatchObject([{ script }, { audioLevel: 33 }, { recovery: 4 }])
  expect(Math.abs(viewer.got[0]!.captureTime! - (clock.now() - 1000))).toBeLessThan(500_000)
  expect(viewer.got[0]!.config).toEqual(video)
  publication.push(frame(audio, 43))
  publication.push(frame(video, 80))
  await until('what follows', () => viewer.got.length === 5)
  const stream = b!.hub.get(KEY)!
  expect(stream.publication?.info).toMatchObject({ protocol: 'relay', remoteAddress: 'A001', isCopy: true })
  expect(stream.publication?.info).not.toHaveProperty('requestKeyframe')
})

test('a stream crosses once however many watch it, and a later viewer starts from the cache here', async () => {
  const [a, b] = await nodes(2)
  const publication = publish(a!)
  publication.push(frame(video, 0, true))
  publication.push(frame(audio, 10))
  const viewers = Array.from({ length: 20 }, () => view(b!))
  await until('all', () => viewers.every(({ got }) => got.length === 2))
  expect(view(b!).lines()).toEqual(['video 0', 'audio 10'])
  expect(a!.relay.list()).toMatchObject([{ node: 'B001', served: 1 }])
  expect([...a!.hub.get(KEY)!.demand]).toEqual([['relay', { subscribers: 1, waiters: 0 }]])
  b!.relays.release(KEY)
  await until('the end of the relay', () => a!.hub.get(KEY)!.demand.size === 0)
})

test('a picture alone and sound alone start without waiting for the other', async () => {
  const [a, b] = await nodes(2)
  for (const [name, config] of [
    ['live/eye', video],
    ['live/ear', audio],
  ] as const) {
    const key = StreamKey.plain(name)
    const publication = publish(a!, key)
    publication.push(frame(config, 0, true))
    await until('its tracks', () => a!.hub.get(key)!.tracksKnown)
    const started = performance.now()
    const viewer = view(b!, key)
    let ms = 20
    await until(name, () => {
      publication.push(frame(config, ms++))
      return viewer.got.length > 0
    })
    expect(performance.now() - started).toBeLessThan(400)
  }
})

test('a request for a keyframe reaches the publisher', async () => {
  const [a, b] = await nodes(2)
  let asked = 0
  const publication = publish(a!, KEY, { requestKeyframe: () => asked++, hasServerTime: true })
  publication.push(frame(video, 0, true))
  publication.push(frame(audio, 0))
  const viewer = view(b!)
  await until('the copy', () => viewer.got.length === 2)
  const stream = b!.hub.get(KEY)!
  expect([stream.isAskable, stream.publication!.info.hasServerTime]).toEqual([true, true])
  const before = asked
  expect(stream.requestKeyframe()).toBe(true)
  await until('the request', () => asked > before)
})

test('viewers elsewhere stay when the publisher leaves and returns, and learn of withheld video', async () => {
  const [a, b] = await nodes(2)
  const first = publish(a!)
  first.push(frame(video, 0, true))
  first.push(frame(audio, 0))
  const viewer = view(b!)
  await until('the copy', () => viewer.got.length === 2)
  first.end()
  await until('the interruption', () => viewer.told.includes('interrupted'))
  expect(b!.hub.get(KEY)!.state).toBe('grace')
  const second = publish(a!)
  second.push(frame(video, 0, true))
  second.push(frame(audio, 0))
  await until('the second publisher', () => viewer.got.length === 4)
  const times = viewer.got.filter(({ config }) => config.kind === 'video').map(({ dts }) => dts)
  expect(times[1]).toBeGreaterThan(times[0]!)
  a!.hub.get(KEY)!.withhold({ audio: false, video: true })
  await until('the word of it', () => viewer.told.includes('withheld'))
  expect(b!.hub.get(KEY)!.cachedFrames).toEqual([])
  second.push(frame(video, 40))
  a!.hub.get(KEY)!.withhold({ audio: false, video: false })
  second.push(frame(video, 80))
  second.push(frame(video, 120, true))
  await until('the next keyframe', () => viewer.got.length === 5)
  expect(viewer.got[4]!.keyframe).toBe(true)
})

test('a publisher that takes over from itself goes on at once', async () => {
  const [a, b] = await nodes(2)
  const first = publish(a!, KEY, { subject: 'anna', id: 'p1' })
  first.push(frame(video, 0, true))
  first.push(frame(audio, 0))
  const viewer = view(b!)
  await until('the copy', () => viewer.got.length === 2)
  const second = publish(a!, KEY, { subject: 'anna', id: 'p2' })
  second.push(frame(video, 0, true))
  second.push(frame(audio, 0))
  await until('the second life', () => viewer.got.length === 4)
  expect(viewer.told).toEqual([])
})

test('a link that is cut and comes back shows no picture twice and leaves none out', async () => {
  const [a, b] = await nodes(2, { cable: true })
  const publication = publish(a!)
  let next = 0
  const push = (count: number): void => {
    for (let i = 0; i < count; i++, next++) {
      publication.push(frame(video, next * 40, next % 50 === 0))
      publication.push(frame(audio, next * 40 + 3))
    }
  }
  push(5)
  const viewer = view(b!)
  await until('the copy', () => viewer.got.length >= 10)
  a!.cable!.cut()
  await until('the loss', () => !b!.relay.isOpen('A001'))
  push(5)
  await until('the link', () => b!.relay.isOpen('A001'))
  push(5)
  await until('all', () => viewer.got.length >= 30)
  const videos = viewer.lines().filter((line) => line.startsWith('video'))
  expect(videos).toEqual(Array.from({ length: 15 }, (_, index) => `video ${String(index * 40)}`))
  expect(viewer.told).toEqual([])
})

test('a link that stays away interrupts the stream, whose viewers get the next publisher', async () => {
  const [a, b] = await nodes(2, { cable: true })
  const publication = publish(a!)
  publication.push(frame(video, 0, true))
  publication.push(frame(audio, 0))
  const viewer = view(b!)
  await until('the copy', () => viewer.got.length === 2)
  a!.cable!.hold()
  await until('the interruption', () => viewer.told.includes('interrupted'))
  expect(b!.relay.isOpen('A001')).toBe(false)
  const own = publish(b!)
  own.push(frame(video, 0, true))
  expect(viewer.got).toHaveLength(3)
})

test('a publisher that moves to another node is followed, and its viewers notice nothing', async () => {
  const [a, b, c] = await nodes(3)
  const first = publish(a!)
  first.push(frame(video, 0, true))
  first.push(frame(audio, 0))
  const viewer = view(b!)
  await until('the copy', () => viewer.got.length === 2)
  const second = publish(c!)
  second.push(frame(video, 0, true))
  second.push(frame(audio, 0))
  await until('the copy from C', () => b!.hub.get(KEY)!.publication?.info.remoteAddress === 'C001')
  first.end()
  second.push(frame(video, 40))
  await until('what follows', () => viewer.got.length === 5)
  expect([viewer.told, b!.relays.size, b!.relay.list().map(({ pulled }) => pulled)]).toEqual([[], 1, [0, 1]])
})

test('a publisher that comes to this node replaces the copy, and the relay ends', async () => {
  const [a, b] = await nodes(2)
  const first = publish(a!)
  first.push(frame(video, 0, true))
  first.push(frame(audio, 0))
  const viewer = view(b!)
  await until('the copy', () => viewer.got.length === 2)
  const own = publish(b!)
  own.push(frame(video, 0, true))
  expect([viewer.got.length, viewer.told, b!.relays.size]).toEqual([3, [], 0])
  await until('the end of the relay', () => a!.relay.list()[0]!.served === 0)
})

test('a copy is never served on: two nodes that name each other pull no circle', async () => {
  const [a, b, c] = await nodes(3)
  const publication = publish(c!)
  publication.push(frame(video, 0, true))
  publication.push(frame(audio, 0))
  const viewer = view(a!)
  await until('the copy at A', () => viewer.got.length === 2)
  // Where the stream is, B was told wrongly.
  cluster.locations.set(KEY.text, { node: 'A001', since: 0 })
  const other = view(b!)
  await until('the wish', () => b!.relays.size === 1)
  await until('that A declines', () => b!.relays.size === 0)
  expect([other.got, a!.relay.list().find(({ node }) => node === 'B001')!.served]).toEqual([[], 0])
})

test('a kick of a plain stream ends it for viewers of every node', async () => {
  const [a, b] = await nodes(2)
  const publication = publish(a!)
  publication.push(frame(video, 0, true))
  publication.push(frame(audio, 0))
  const viewer = view(b!)
  await until('the copy', () => viewer.got.length === 2)
  a!.hub.get(KEY)!.end('kicked')
  await until('the end', () => viewer.told.includes('kicked'))
})
