import { controlMessage, configToJson, frameMessage, WireReader, type WireMessage } from '@crossroom/media'
import { expect, test } from 'vitest'
import { audioConfig, MS, SECOND, Stage, videoConfig } from '../../../../../test/scenarios/stage.js'
import { fetchLimits, publisherLimits, relayLimits } from '../../config/index.js'
import { StreamKey } from '../../hub/index.js'
import type { StreamLocation } from '../claims/stream-locations.js'
import { channelOf, RELAY_TYPE, type Begin, type TrackKind } from './messages.js'
import type { PullLink } from './pulled-copy.js'
import type { WantHandler } from './relay-link.js'
import { StreamRelays } from './stream-relays.js'

const KEY = StreamKey.room('k'.repeat(22))
const video = videoConfig()
const audio = audioConfig()

/** A link whose other end is the test. */
class FakeLink implements PullLink {
  readonly peer
  readonly wants = new Map<number, WantHandler>()
  readonly told: string[] = []
  #next = 0
  epoch = 0

  constructor(tag: string) {
    this.peer = { tag, instance: '1' }
  }

  want(_key: StreamKey, handler: WantHandler): number {
    this.wants.set(++this.#next, handler)
    this.told.push('want')
    return this.#next
  }

  drop(id: number): void {
    this.wants.delete(id)
    this.told.push('drop')
  }

  requestKeyframe(): void {
    this.told.push('keyframe')
  }

  toLocal(theirs: number): number {
    return theirs
  }

  /** As it comes from the node. The answer: whether it can be. */
  bring(bytes: Uint8Array, kind: TrackKind, now: number): boolean {
    let isGood = true
    new WireReader((message: WireMessage) => {
      for (const handler of this.wants.values()) isGood = handler.handleMessage(message, kind, now) && isGood
    }).push(bytes)
    return isGood
  }
}

function setting() {
  const stage = new Stage()
  const [a, c] = [new FakeLink('A001'), new FakeLink('C001')]
  let location: StreamLocation | undefined = { node: 'A001', since: 0 }
  const watchers: ((key: StreamKey, location: StreamLocation | undefined) => void)[] = []
  const relays = new StreamRelays({
    ...{ tag: 'B001', hub: stage.hub, clock: stage.clock },
    locations: {
      find: () => Promise.resolve(location),
      observe: (listener) => {
        watchers.push(listener)
        return () => undefined
      },
    },
    link: (tag) => (tag === 'A001' ? a : tag === 'C001' ? c : undefined),
  })
  stage.hub.addResolver(relays)
  const got: string[] = []
  const sink = {
    kind: 'test',
    handleFrame: (frame: { dts: number; config: { kind: string } }) =>
      got.push(`${frame.config.kind} ${String(frame.dts / MS)}`),
    handleInterrupted: () => got.push('interrupted'),
    handleEnd: (reason: string) => got.push(reason),
  }
  const channel = (link: FakeLink) => channelOf(1, link.epoch)
  const begin = (link: FakeLink, fields: Partial<Begin> = {}): void => {
    link.epoch++
    const content = { stream: 's', publisher: 'p', tracks: ['video'], askable: false, serverTime: false, ...fields }
    link.bring(controlMessage(RELAY_TYPE.begin, channel(link), content), 'audio', stage.clock.now())
  }
  const bring = (link: FakeLink, kind: TrackKind, ...times: (number | 'live')[]): boolean[] =>
    times.map((ms) => {
      const config = kind === 'video' ? video : audio
      const now = stage.clock.now()
      if (ms === 'live') return link.bring(controlMessage(RELAY_TYPE.live, channel(link)), kind, now)
      link.bring(controlMessage(RELAY_TYPE.config, channel(link), configToJson(config)), kind, now)
      const frame = {
        ...stage.frame(config, ms * MS, kind === 'audio' || ms % 1000 === 0),
        receivedAt: now - 10_000 + ms,
      }
      return link.bring(frameMessage(channel(link), frame)!, kind, now)
    })
  const settle = async (): Promise<void> => void (await new Promise(setImmediate))
  const move = (to: StreamLocation | undefined): void => {
    location = to
    for (const watcher of watchers) watcher(KEY, to)
  }
  return { stage, relays, a, c, got, sink, begin, bring, settle, move }
}

test('a stream whose member has not published stays wanted while somebody waits, and comes when it is', async () => {
  const { stage, relays, a, got, sink, begin, bring, settle } = setting()
  const stream = stage.hub.open(KEY)
  stream.hold()
  stream.whenTracksKnown(() => stream.subscribe(sink, 'gop'), 'test')
  await settle()
  stage.clock.advance(fetchLimits.deadlineMicros + SECOND)
  expect([a.told, relays.size]).toEqual([['want'], 1])
  begin(a)
  bring(a, 'video', 0, 40, 'live')
  expect(got).toEqual(['video 0', 'video 40'])
})

test('a stream that nobody waits for any more is not wanted', async () => {
  const { stage, relays, a, settle } = setting()
  const stream = stage.hub.open(KEY)
  stream.hold()
  const cancel = stream.whenTracksKnown(() => undefined, 'test')
  await settle()
  stage.clock.advance(fetchLimits.deadlineMicros + SECOND)
  cancel()
  expect([a.told, relays.size]).toEqual([['want', 'drop'], 0])
})

test('a relay lingers for five seconds after its last viewer', async () => {
  const { stage, relays, a, sink, begin, bring, settle } = setting()
  const stream = stage.hub.open(KEY)
  stream.hold()
  const leave = stream.subscribe(sink, 'gop')
  await settle()
  begin(a)
  bring(a, 'video', 0, 'live')
  leave()
  stage.clock.advance(fetchLimits.lingerMicros - 1)
  expect(relays.size).toBe(1)
  stage.clock.advance(1)
  expect([a.told, relays.size, stream.publication]).toEqual([['want', 'drop'], 0, undefined])
})

test('cached sound and pictures come together in the order of their arrival at the publisher', async () => {
  const { stage, a, got, sink, begin, bring, settle } = setting()
  stage.hub.open(KEY).subscribe(sink, 'gop')
  await settle()
  // The connection for pictures is ahead of the one that says what comes.
  a.epoch = 1
  bring(a, 'video', 0, 40)
  a.epoch = 0
  begin(a, { tracks: ['audio', 'video'] })
  bring(a, 'audio', 3, 24, 'live', 45)
  expect(got).toEqual([])
  bring(a, 'video', 80, 'live')
  expect(got).toEqual(['video 0', 'audio 3', 'audio 24', 'video 40', 'audio 45', 'video 80'])
})

test('what is still under way of an earlier publisher is dropped', async () => {
  const { stage, a, got, sink, begin, bring, settle } = setting()
  stage.hub.open(KEY).subscribe(sink, 'gop')
  await settle()
  begin(a)
  bring(a, 'video', 0, 'live')
  begin(a, { publisher: 'other' })
  bring(a, 'video', 1000, 'live')
  a.epoch--
  expect(bring(a, 'video', 40)).toEqual([true])
  expect(got).toHaveLength(2)
})

test('a copy that was silent too long is wanted anew, and given to those who still wait', async () => {
  const { stage, a, got, sink, begin, bring, settle } = setting()
  const stream = stage.hub.open(KEY)
  stream.hold()
  stream.subscribe(sink, 'gop')
  await settle()
  begin(a)
  bring(a, 'video', 0, 'live')
  stage.clock.advance(publisherLimits.silentMicros + 2 * SECOND)
  expect([got, a.told]).toEqual([
    ['video 0', 'interrupted'],
    ['want', 'drop', 'want'],
  ])
  a.epoch = 0
  begin(a)
  bring(a, 'video', 2000, 'live')
  expect(got).toHaveLength(3)
})

test('after a loss without the frames between, the picture waits for a keyframe, which is asked for', async () => {
  const { stage, a, got, sink, begin, bring, settle } = setting()
  stage.hub.open(KEY).subscribe(sink, 'gop')
  await settle()
  begin(a, { askable: true })
  bring(a, 'video', 0, 'live', 40)
  for (const handler of a.wants.values()) handler.handleLinkLost()
  a.epoch = 0
  begin(a, { askable: true })
  bring(a, 'video', 'live', 200, 240, 1000, 1040)
  expect([got, a.told]).toEqual([
    ['video 0', 'video 40', 'video 1000', 'video 1040'],
    ['want', 'keyframe'],
  ])
})

test('a link that does not come back interrupts its streams once, after a moment', async () => {
  const { stage, a, got, sink, begin, bring, settle } = setting()
  stage.hub.open(KEY).subscribe(sink, 'gop')
  await settle()
  begin(a)
  bring(a, 'video', 0, 'live')
  for (const handler of a.wants.values()) handler.handleLinkLost()
  stage.clock.advance(relayLimits.linkGraceMicros - 1)
  expect(got).toEqual(['video 0'])
  stage.clock.advance(SECOND)
  expect(got).toEqual(['video 0', 'interrupted'])
})

test('a stream that moves is wanted at its new node before the old one is dropped', async () => {
  const { stage, a, c, got, sink, begin, bring, settle, move } = setting()
  stage.hub.open(KEY).subscribe(sink, 'gop')
  await settle()
  begin(a)
  bring(a, 'video', 0, 'live')
  move({ node: 'C001', since: 1 })
  expect([a.told, c.told]).toEqual([['want'], ['want']])
  bring(a, 'video', 40)
  begin(c)
  bring(c, 'video', 0, 'live')
  expect([a.told, got.length]).toEqual([['want', 'drop'], 3])
  expect(got).not.toContain('interrupted')
  move({ node: 'B001', since: 2 })
  expect(c.told).toEqual(['want', 'drop'])
})

test('frames and bytes beyond what a publisher may send are refused, and so is a cache without an end', async () => {
  const { stage, a, sink, begin, bring, settle } = setting()
  stage.hub.open(KEY).subscribe(sink, 'gop')
  await settle()
  begin(a)
  const times = Array.from({ length: 6000 }, (_, index) => index)
  expect(bring(a, 'video', ...times)).toContain(false)
})
