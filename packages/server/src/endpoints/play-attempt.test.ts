import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import type { Grant } from '../auth/index.js'
import { gopCacheLimits, publisherLimits, viewerLimits } from '../config/index.js'
import { Connections, Fanouts, StreamHub, StreamKey, type Stream } from '../hub/index.js'
import { Metrics, silentLog } from '../observe/index.js'
import type { EndpointEnvironment } from './environment.js'
import { FLV_NEEDS } from './flv-needs.js'
import { PlayAttempt } from './play-attempt.js'
import { picture, sound, TestSource } from './webrtc/send/frames.fake.js'

/** A source that is made of another stream, and knows its tracks when the test says so. */
class ConvertedSource extends TestSource {
  readonly waiters = new Set<() => void>()

  override whenTracksKnown(callback: () => void): () => void {
    this.waiters.add(callback)
    return () => void this.waiters.delete(callback)
  }
}

const grant: Grant = {
  ok: true,
  key: StreamKey.plain('live/x'),
  opened: () => undefined,
  closed: () => undefined,
  onRevoked: () => undefined,
}

/** A player who comes before the publisher. */
async function waitForStream() {
  const clock = new VirtualClock()
  const hub = new StreamHub(clock, { gopCache: gopCacheLimits, ...publisherLimits })
  const source = new ConvertedSource()
  const environment: EndpointEnvironment = {
    ...{ hub, clock, connections: new Connections(), fanouts: new Fanouts(), log: silentLog, metrics: new Metrics() },
    viewerLimits,
    gate: { admit: () => Promise.resolve(grant) },
    sourceFor: () => source,
    bridgeOf: () => undefined,
    newConnectionId: () => 'c',
  }
  const request = { action: 'play', protocol: 'http-flv', app: 'live', stream: 'x', query: new Map() } as const
  const outcomes: string[] = []
  const attempt = new PlayAttempt(
    environment,
    { ...request, remoteAddress: '192.0.2.1', connectionId: 'c' },
    {
      refused: () => outcomes.push('refused'),
      notFound: () => outcomes.push('not found'),
      ready: (stream: Stream) => outcomes.push(`ready ${stream.key.label}`),
    },
    FLV_NEEDS,
  )
  await Promise.resolve()
  await Promise.resolve()
  const publisher = { id: 'p', protocol: 'whip', remoteAddress: '192.0.2.2', onClose: () => undefined }
  const publish = () => hub.open(StreamKey.plain('live/x')).publish(publisher)!
  return { attempt, clock, hub, source, outcomes, publish }
}

test('a conversion begins with the first frame, and the player waits only for its output', async () => {
  const { source, outcomes, publish } = await waitForStream()
  const publication = publish()
  expect(source.waiters.size).toBe(0)
  publication.push(sound(0))
  expect(source.waiters.size).toBe(1)
  publication.push(sound(20_000))
  expect(source.waiters.size).toBe(1)
  publication.push(picture(30_000, { keyframe: true }))
  expect(outcomes).toEqual([])
  for (const waiter of [...source.waiters]) waiter()
  expect(outcomes).toEqual(['ready live/x'])
})

test('a player who leaves before all tracks are known starts no conversion', async () => {
  const { attempt, source, publish } = await waitForStream()
  const publication = publish()
  publication.push(sound(0))
  attempt.close('client')
  expect(source.waiters.size).toBe(0)
})

test('a player who leaves before the first frame starts no conversion', async () => {
  const { attempt, source, publish } = await waitForStream()
  const publication = publish()
  attempt.close('client')
  publication.push(sound(0))
  expect(source.waiters.size).toBe(0)
})
