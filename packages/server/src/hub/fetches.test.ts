import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MS, SECOND, Stage, videoConfig } from '../../../../test/scenarios/stage.js'
import { fetchLimits } from '../config/limits.js'
import type { StreamResolver } from './resolver.js'
import { StreamKey } from './stream-key.js'
import type { Publication } from './publication.js'
import type { Stream } from './stream.js'

const FAR = StreamKey.plain('live/far')
const sink = (kind?: string) => ({
  ...(kind !== undefined && { kind }),
  handleFrame: () => undefined,
  handleEnd: () => undefined,
})

/** A relay: fetches when it is asked, publishes when the test says so. */
class FakeRelay implements StreamResolver {
  readonly told: string[] = []
  readonly #stage: Stage
  takes = true
  giveUp: () => void = () => undefined
  publication: Publication | undefined

  constructor(stage: Stage) {
    this.#stage = stage
    stage.hub.addResolver(this)
  }

  resolve(key: StreamKey, giveUp: () => void): boolean {
    this.told.push(`resolve ${key.label}`)
    this.giveUp = () => {
      this.told.push('gave up')
      giveUp()
    }
    return this.takes
  }

  release(key: StreamKey): void {
    this.told.push(`release ${key.label}`)
    this.publication?.end()
    this.publication = undefined
  }

  publish(): void {
    const info = { id: 'r', protocol: 'relay', remoteAddress: '', onClose: () => (this.publication = undefined) }
    this.publication = this.#stage.hub.open(FAR).publish(info)
  }
}

function setting() {
  const stage = new Stage()
  const relay = new FakeRelay(stage)
  const found: (string | undefined)[] = []
  const find = (wait = 2 * SECOND): (() => void) => stage.hub.find(FAR, wait, (stream) => found.push(stream?.key.name))
  return { stage, relay, found, find }
}

test('a stream reports its subscribers and waiting players by kind, and each change', () => {
  const stage = new Stage()
  const told: [string, number, number][][] = []
  const demandOf = ({ demand }: Stream) =>
    [...demand].map(([kind, { subscribers, waiters }]) => [kind, subscribers, waiters] as [string, number, number])
  stage.hub.observe({ demandChanged: (stream) => told.push(demandOf(stream)) })
  const { stream } = stage
  stream.hold()
  let leaveFlv: () => void = () => undefined
  stream.whenTracksKnown(() => (leaveFlv = stream.subscribe(sink('flv'), 'live')), 'flv')
  const leave = stream.subscribe(sink('webrtc-vp8'), 'live')
  expect(told.splice(0)).toEqual([
    [['flv', 0, 1]],
    [
      ['webrtc-vp8', 1, 0],
      ['flv', 0, 1],
    ],
  ])
  const publication = stage.publish()!
  publication.push(stage.frame(videoConfig(), 0, true))
  stage.clock.advance(SECOND)
  // Whoever waited and subscribes ceases at no moment to want it.
  expect(told.every((demand) => demand.some(([kind]) => kind === 'flv'))).toBe(true)
  expect(demandOf(stream)).toEqual([
    ['webrtc-vp8', 1, 0],
    ['flv', 1, 0],
  ])
  leave()
  leaveFlv()
  leaveFlv()
  expect(told.slice(-2)).toEqual([[['flv', 1, 0]], []])
  expect(stream.isWanted).toBe(false)
})

test('a stream is fetched once for all interested viewers, and released some seconds after the last leaves', () => {
  const { stage, relay, found, find } = setting()
  find()
  find()
  expect(relay.told).toEqual(['resolve live/far'])
  stage.clock.advance(SECOND)
  relay.publish()
  expect(found).toEqual(['live/far', 'live/far'])
  const stream = stage.hub.get(FAR)!
  const leaves = [stream.subscribe(sink(), 'live'), stream.subscribe(sink(), 'live')]
  stage.clock.advance(2 * SECOND)
  for (const leave of leaves) leave()
  stage.clock.advance(fetchLimits.lingerMicros - MS)
  const again = stream.subscribe(sink(), 'live')
  stage.clock.advance(MS)
  expect(relay.told).toEqual(['resolve live/far'])
  again()
  stage.clock.advance(fetchLimits.lingerMicros)
  expect(relay.told).toEqual(['resolve live/far', 'release live/far'])
  expect(stage.hub.get(FAR)).toBeUndefined()
})

test('players wait longer than for a publisher while a stream is fetched, and are told at once when it cannot be had', () => {
  const { stage, relay, found, find } = setting()
  find()
  stage.clock.advance(6 * SECOND)
  expect(found).toEqual([])
  relay.giveUp()
  expect(found).toEqual([undefined])
  find()
  stage.clock.advance(SECOND)
  relay.giveUp()
  // Its own publisher may come yet.
  expect(found).toHaveLength(1)
  stage.clock.advance(SECOND)
  expect(found).toEqual([undefined, undefined])
})

test('a resolver that neither publishes nor gives up is released at its deadline, and the next is asked', () => {
  const { stage, relay, found, find } = setting()
  const second = new FakeRelay(stage)
  find()
  stage.clock.advance(fetchLimits.deadlineMicros)
  expect(relay.told).toEqual(['resolve live/far', 'release live/far'])
  expect(second.told).toEqual(['resolve live/far'])
  relay.giveUp()
  expect([found, second.told]).toEqual([[], ['resolve live/far']])
  second.giveUp()
  expect(found).toEqual([undefined])
})

test('a resolver that says no, or gives up inside the question, leaves it to the next', () => {
  const { stage, relay, find } = setting()
  relay.takes = false
  const hasty = {
    resolve: (_key: StreamKey, giveUp: () => void) => (giveUp(), true),
    release: () => expect.unreachable(),
  }
  stage.hub.addResolver(hasty)
  const last = new FakeRelay(stage)
  find()
  expect([relay.told, last.told]).toEqual([['resolve live/far'], ['resolve live/far']])
})

test('a stream held without a publisher is fetched on demand', () => {
  const { stage, relay } = setting()
  const stream = stage.hub.open(FAR)
  stream.hold()
  expect(relay.told).toEqual([])
  const cancel = stream.whenTracksKnown(() => undefined, 'flv')
  expect(relay.told).toEqual(['resolve live/far'])
  cancel()
  stage.clock.advance(fetchLimits.lingerMicros)
  expect(relay.told).toEqual(['resolve live/far', 'release live/far'])
})

test('viewers whose publisher leaves have the stream fetched; a take-over fetches nothing', () => {
  const { stage, relay } = setting()
  const stream = stage.hub.open(FAR)
  const info = { id: 'p', protocol: 'rtmp', remoteAddress: '', subject: 'ann', onClose: () => undefined }
  stream.publish(info)
  stream.subscribe(sink(), 'live')
  const second = stream.publish(info)!
  stage.clock.advance(SECOND)
  expect(relay.told).toEqual([])
  second.end()
  stage.clock.advance(0)
  expect(relay.told).toEqual(['resolve live/far'])
  relay.publish()
  expect(stream.publication?.info.protocol).toBe('relay')
})

test('a hub that closes releases what it fetches, and fetches nothing more', () => {
  const { stage, relay, found, find } = setting()
  find()
  stage.hub.close('shutdown')
  find()
  expect(relay.told).toEqual(['resolve live/far', 'release live/far'])
  expect(found).toEqual([undefined, undefined])
})

test('whatever players and a relay do, each fetch ends once, and none outlives the demand', () => {
  const step = fc.constantFrom('find', 'cancel', 'leave', 'publish', 'end', 'giveUp', 'take', 'kick', 'short', 'long')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { stage, relay } = setting()
      const { hub, clock } = stage
      const cancels: (() => void)[] = []
      const leaves: (() => void)[] = []
      let answers = 0
      let finds = 0
      const acts: Record<(typeof steps)[number], () => void> = {
        find: () => {
          finds++
          let isCancelled = false
          const cancel = hub.find(FAR, 2 * SECOND, (stream) => {
            answers++
            isCancelled = true
            if (stream !== undefined) leaves.push(stream.subscribe(sink(), 'live'))
          })
          cancels.push(() => {
            if (!isCancelled) answers++
            isCancelled = true
            cancel()
          })
        },
        cancel: () => cancels.pop()?.(),
        leave: () => leaves.pop()?.(),
        publish: () => {
          if (hub.isFetching(FAR)) relay.publish()
        },
        end: () => {
          relay.publication?.end()
          relay.publication = undefined
        },
        giveUp: () => relay.giveUp(),
        take: () => void (relay.takes = !relay.takes),
        kick: () => void hub.get(FAR)?.kickPublisher(),
        short: () => clock.advance(SECOND),
        long: () => clock.advance(11 * SECOND),
      }
      let open = 0
      const count = (): void => {
        for (const line of relay.told.splice(0)) {
          if (line.startsWith('resolve')) {
            expect(open).toBe(0)
            open += 1
          } else open = 0
        }
      }
      for (const one of steps) {
        acts[one]()
        // A `false` is an end as well.
        if (!relay.takes && !hub.isFetching(FAR) && relay.publication === undefined) relay.told.push('no')
        count()
      }
      for (const cancel of cancels) cancel()
      for (const leave of leaves) leave()
      clock.advance(60 * SECOND)
      count()
      expect(answers).toBe(finds)
      expect([hub.size, hub.isFetching(FAR), relay.publication]).toEqual([0, false, undefined])
    }),
  )
})
