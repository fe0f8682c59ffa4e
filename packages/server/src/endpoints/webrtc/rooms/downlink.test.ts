import { createHmac } from 'node:crypto'
import type { MediaFrame } from '@crossroom/media'
import { srtpOutboundForTest } from '@crossroom/native'
import { RoomPlayer, VirtualClock } from '@crossroom/testkit'
import { buildCompound, SdpError } from '@crossroom/webrtc'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gopCacheLimits, publisherLimits } from '../../../config/index.js'
import { StreamHub, StreamKey, type Clock } from '../../../hub/index.js'
import { systemClock } from '../../../net/index.js'
import { Metrics, silentLog } from '../../../observe/index.js'
import { browserAnswer } from '../../../../../webrtc/src/sdp/browser-answer.fake.js'
import { RtcGateway } from '../port/gateway.js'
import { RtpFanouts } from '../send/rtp-fanouts.js'
import { DownLink } from './downlink.js'
import type { DownOffer, SubscribedTrack } from '../../../rooms/index.js'
import { RoomStream } from './room-stream.fake.js'
import { openEngine, until } from './uplink-peer.fake.js'

const MS = 1000
const serverEngine = openEngine()
const peerEngine = openEngine()
/** Another certificate, as every PeerConnection of a browser has its own. */
const otherEngine = openEngine()
const hasEngine = serverEngine !== undefined && peerEngine !== undefined
afterAll(() => {
  serverEngine?.close()
  peerEngine?.close()
  otherEngine?.close()
})

const keyOf = (userId: string): StreamKey => StreamKey.room(userId)
const video = (userId: string, maxWidth?: number): SubscribedTrack => ({
  ...{ userId, streamType: 'main', kind: 'video', key: keyOf(userId) },
  ...(maxWidth !== undefined && { maxWidth }),
})
const audio = (userId: string): SubscribedTrack => ({ userId, streamType: 'main', kind: 'audio', key: keyOf(userId) })
const both = (userId: string): SubscribedTrack[] => [audio(userId), video(userId)]

/** `mid:kind:user` of everything that is sent. */
const placesOf = (offer: DownOffer | undefined): string[] =>
  (offer?.tracks ?? []).map(({ mid, kind, userId }) => `${mid}:${kind}:${userId}`)

/** The parts around one DownLink. */
class Stage {
  readonly gateway: RtcGateway
  readonly hub: StreamHub
  readonly offers: DownOffer[] = []
  readonly derived: [StreamKey, string][] = []
  readonly link: DownLink
  onOffer: ((offer: DownOffer) => void) | undefined

  constructor(clock: Clock) {
    const engine = serverEngine!
    const port = engine.udp.open({ host: '127.0.0.1', port: 0 })
    const candidate = { foundation: '1', component: 1, transport: 'udp', priority: 1, ip: '127.0.0.1' } as const
    const candidates = [{ ...candidate, port: port.port, type: 'host' } as const]
    this.gateway = new RtcGateway({ engine, port, candidates, clock, cname: 'c' })
    this.hub = new StreamHub(clock, { gopCache: gopCacheLimits, ...publisherLimits })
    this.link = new DownLink({
      ...{
        gateway: this.gateway,
        fanouts: new RtpFanouts(this.gateway.egress, () => clock.now()),
        hub: this.hub,
        clock,
        log: silentLog,
        metrics: new Metrics(),
        roomId: '7',
        userId: 'viewer',
      },
      sourceFor: (stream, { name }) => {
        this.derived.push([stream.key, name])
        return stream
      },
      onOffer: (offer) => {
        this.offers.push(offer)
        this.onOffer?.(offer)
      },
    })
  }

  get last(): DownOffer {
    return this.offers.at(-1)!
  }

  close(): void {
    this.link.close()
    this.hub.close('shutdown')
    this.gateway.close()
  }
}

describe.skipIf(!hasEngine)('contents and time of offers', () => {
  let clock: VirtualClock
  let stage: Stage

  beforeEach(() => {
    clock = new VirtualClock(1_000_000)
    stage = new Stage(clock)
  })

  afterEach(() => stage.close())

  const answer = (choice?: Parameters<typeof browserAnswer>[1]): void =>
    stage.link.answer(browserAnswer(stage.last.sdp, choice), stage.last.revision)

  test('there is no offer before a subscription; then one offer covers all that changed within 50 ms', () => {
    stage.link.subscribe([])
    clock.advance(1000 * MS)
    expect(stage.offers).toEqual([])
    stage.link.subscribe(both('ann'))
    clock.advance(30 * MS)
    stage.link.subscribe([...both('ann'), ...both('bob')])
    clock.advance(100 * MS)
    expect(stage.offers).toHaveLength(1)
    expect(placesOf(stage.last)).toEqual(['0:audio:ann', '1:video:ann', '2:audio:bob', '3:video:bob'])
    expect(stage.last.sdp).toContain('a=msid:bob-main 3')
  })

  test('a subscription during an unanswered offer waits; the session stays the same, the version grows', () => {
    stage.link.subscribe(both('ann'))
    clock.advance(60 * MS)
    stage.link.subscribe(both('bob'))
    clock.advance(1000 * MS)
    expect(stage.offers).toHaveLength(1)
    answer()
    clock.advance(60 * MS)
    expect(placesOf(stage.last)).toEqual(['2:audio:bob', '3:video:bob'])
    const origins = stage.offers.map(({ sdp }) => /^o=- (\d+) (\d+)/m.exec(sdp)!.slice(1))
    expect(origins[1]).toEqual([origins[0]![0], String(Number(origins[0]![1]) + 1)])
    expect(stage.offers.map(({ revision }) => revision)).toEqual([1, 2])
  })

  test('an m-line is used again when its track has left and the browser knows it', () => {
    stage.link.subscribe([video('ann'), video('bob')])
    clock.advance(60 * MS)
    answer()
    stage.link.subscribe([video('bob')])
    clock.advance(60 * MS)
    answer()
    stage.link.subscribe([video('bob'), video('cyd')])
    clock.advance(60 * MS)
    expect(placesOf(stage.last)).toEqual(['1:video:bob', '0:video:cyd'])
  })

  test('another order, another width: nothing new is offered', () => {
    stage.link.subscribe([video('ann'), video('bob')])
    clock.advance(60 * MS)
    answer()
    stage.link.subscribe([video('bob', 320), video('ann')])
    clock.advance(1000 * MS)
    expect(stage.offers).toHaveLength(1)
  })

  test('an answer to an older offer is passed over; an offer without answer is made again after ten seconds', () => {
    stage.link.subscribe(both('ann'))
    clock.advance(60 * MS)
    const late = browserAnswer(stage.last.sdp)
    clock.advance(10_000 * MS)
    expect(stage.offers.map(({ revision }) => revision)).toEqual([1, 2])
    stage.link.answer(late, 1)
    expect(stage.gateway.peers).toBe(0)
    answer()
    expect(stage.gateway.peers).toBe(1)
    answer()
    expect(stage.gateway.peers).toBe(1)
  })

  test('a broken answer is refused with a reason, and a good one may still come', () => {
    stage.link.subscribe(both('ann'))
    clock.advance(60 * MS)
    expect(() => stage.link.answer('v=0\r\n', 1)).toThrow(SdpError)
    answer()
    expect(stage.gateway.peers).toBe(1)
  })

  test('24 pictures and 16 sounds fit; what does not is named and costs nothing', () => {
    const users = Array.from({ length: 30 }, (_, index) => `u${index}`)
    for (const user of users) stage.hub.open(keyOf(user)).hold()
    stage.link.subscribe(users.flatMap(both))
    clock.advance(60 * MS)
    expect(stage.last.tracks.filter(({ kind }) => kind === 'video')).toHaveLength(24)
    expect(stage.last.tracks.filter(({ kind }) => kind === 'audio')).toHaveLength(16)
    expect(stage.last.skipped.map(({ kind, userId }) => `${kind} ${userId}`)).toEqual([
      ...users.slice(16, 24).map((user) => `audio ${user}`),
      ...users.slice(24).flatMap((user) => [`audio ${user}`, `video ${user}`]),
    ])
    expect(stage.derived).toHaveLength(40)
    expect(stage.hub.get(keyOf('u29'))!.subscribers).toBe(0)
  })

  test('at the limit a new speaker takes the m-line of a silent member, once the browser released it', () => {
    const speakers = Array.from({ length: 17 }, (_, index) => audio(`u${index}`))
    stage.link.subscribe(speakers.slice(0, 16))
    clock.advance(60 * MS)
    answer()
    stage.link.subscribe(speakers.slice(1))
    clock.advance(60 * MS)
    expect(stage.last.skipped).toMatchObject([{ userId: 'u16' }])
    answer()
    clock.advance(60 * MS)
    expect(stage.last.skipped).toEqual([])
    expect(placesOf(stage.last)).toContain('0:audio:u16')
  })

  test('a browser without H.264 is offered VP8 alone from then on, and gets it', () => {
    stage.hub.open(keyOf('ann')).hold()
    stage.link.subscribe(both('ann'))
    expect(stage.derived).toEqual([
      [keyOf('ann'), 'webrtc-audio'],
      [keyOf('ann'), 'webrtc-h264'],
    ])
    clock.advance(60 * MS)
    answer({ codecs: [111, 63, 96, 97] })
    expect(stage.derived.at(-1)).toEqual([keyOf('ann'), 'webrtc-vp8'])
    stage.link.subscribe([...both('ann'), ...both('bob')])
    clock.advance(60 * MS)
    expect(stage.last.sdp).not.toContain('H264')
  })

  test('an audio-only player starts no video conversion', () => {
    stage.hub.open(keyOf('ann')).hold()
    stage.link.subscribe([audio('ann')])
    clock.advance(60 * MS)
    expect(stage.derived).toEqual([[keyOf('ann'), 'webrtc-audio']])
  })

  test('a restart offers new ICE credentials at once, even while an offer is unanswered', () => {
    stage.link.restart()
    expect(stage.offers).toEqual([])
    stage.link.subscribe(both('ann'))
    clock.advance(60 * MS)
    stage.link.restart()
    const fragments = stage.offers.map(({ sdp }) => /^a=ice-ufrag:(.*)$/m.exec(sdp)![1])
    expect(fragments).toHaveLength(2)
    expect(fragments[0]).not.toBe(fragments[1])
    expect(stage.last.revision).toBe(2)
  })

  test('a connection that never comes is offered anew, as another session, less and less often', () => {
    stage.link.subscribe(both('ann'))
    clock.advance(60 * MS)
    answer()
    clock.advance(15_000 * MS)
    expect(stage.gateway.peers).toBe(0)
    clock.advance(1000 * MS)
    expect(stage.offers).toHaveLength(2)
    const [first, second] = stage.offers.map(({ sdp }) => /^o=- (\d+)/m.exec(sdp)![1])
    expect(second).not.toBe(first)
    expect(placesOf(stage.last)).toEqual(['0:audio:ann', '1:video:ann'])
    answer()
    clock.advance(15_000 * MS)
    clock.advance(1900 * MS)
    expect(stage.offers).toHaveLength(2)
    clock.advance(200 * MS)
    expect(stage.offers).toHaveLength(3)
  })

  test('after close there is nothing left: no timer, no peer, no subscriber', () => {
    const release = stage.hub.open(keyOf('ann')).hold()
    stage.link.subscribe([...both('ann'), ...both('bob')])
    clock.advance(60 * MS)
    answer()
    stage.link.close()
    expect([stage.gateway.peers, stage.hub.get(keyOf('ann'))!.subscribers]).toEqual([0, 0])
    release()
    expect(clock.pending).toBe(0)
  })
})

describe.skipIf(!hasEngine)('media that a browser receives', () => {
  let stage: Stage
  let player: RoomPlayer
  let streams: Map<string, RoomStream>
  /** Frames by mid. */
  let frames: Map<string, MediaFrame[]>

  beforeEach(() => {
    stage = new Stage(systemClock)
    streams = new Map()
    player = newPlayer()
    stage.onOffer = ({ sdp, revision }) => stage.link.answer(player.answer(sdp), revision)
  })

  afterEach(() => {
    player.close()
    for (const stream of streams.values()) stream.end()
    stage.close()
  })

  function newPlayer(engine = peerEngine!): RoomPlayer {
    frames = new Map()
    const mine = frames
    return new RoomPlayer({
      hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
      dtls: engine.dtls,
      createInbound: (keys) => engine.srtp.createInbound(keys),
      createOutbound: srtpOutboundForTest,
      onEvent: (event) => {
        if (event.kind !== 'frame') return
        const list = mine.get(event.mid) ?? []
        mine.set(event.mid, list)
        list.push(event.frame)
      },
    })
  }

  function publish(
    userId: string,
    tag: number,
    { key = keyOf(userId), ...options }: { key?: StreamKey; width?: number; bytes?: number } = {},
  ): RoomStream {
    const stream = new RoomStream(stage.hub, key, { tag, ...options })
    streams.set(key.text, stream)
    return stream
  }

  const midOf = (userId: string, kind: 'audio' | 'video'): string =>
    stage.offers.at(-1)?.tracks.find((track) => track.userId === userId && track.kind === kind)?.mid ?? 'none'
  const framesOf = (userId: string, kind: 'audio' | 'video'): MediaFrame[] => frames.get(midOf(userId, kind)) ?? []
  const tagOf = (frame: MediaFrame): number => frame.units.at(-1)!.at(-1)!
  /** What a busy machine adds to a gap: twice the longest between two pictures of a publisher. */
  const pauses = (): number => 2 * Math.max(...[...streams.values()].map(({ longestPause }) => longestPause))
  const isShown = (userId: string): boolean => framesOf(userId, 'video').length > 2

  test('five members come through one connection, each on its own m-lines, from a keyframe on', async () => {
    const users = ['ann', 'bob', 'cyd', 'dan', 'eve']
    users.forEach((user, index) => publish(user, index + 1))
    stage.link.subscribe(users.flatMap(both))
    await until(() => users.every((user) => isShown(user) && framesOf(user, 'audio').length > 2))
    for (const [index, user] of users.entries()) {
      expect(framesOf(user, 'video')[0]!.keyframe).toBe(true)
      for (const kind of ['audio', 'video'] as const)
        expect(new Set(framesOf(user, kind).map(tagOf))).toEqual(new Set([index + 1]))
    }
    expect(stage.offers).toHaveLength(1)
    expect(stage.gateway.peers).toBe(1)
  })

  test('members come and go: the remaining audio has no gap, a leaving member is silent immediately, and the m-line is reused', async () => {
    publish('ann', 1)
    publish('bob', 2)
    stage.link.subscribe([...both('ann'), ...both('bob')])
    await until(() => isShown('ann') && isShown('bob'))
    const annMid = midOf('ann', 'video')
    const bobMid = midOf('bob', 'video')

    stage.link.subscribe(both('ann'))
    const bobFrames = frames.get(bobMid)!.length
    await until(() => stage.offers.length === 2)
    publish('cyd', 3)
    stage.link.subscribe([...both('ann'), ...both('cyd')])
    await until(() => isShown('cyd') && tagOf(framesOf('cyd', 'video').at(-1)!) === 3)
    expect(midOf('cyd', 'video')).toBe(bobMid)
    // At most what was on its way.
    const strays = frames
      .get(bobMid)!
      .slice(bobFrames)
      .filter((frame) => tagOf(frame) === 2)
    expect(strays.length).toBeLessThanOrEqual(1)

    const shown = frames.get(annMid)!
    expect(new Set(shown.map(tagOf))).toEqual(new Set([1]))
    const gaps = shown.slice(1).map((frame, index) => frame.pts - shown[index]!.pts)
    expect(Math.max(...gaps)).toBeLessThan(200 * MS + pauses())
  })

  test('a member is heard and seen as soon as it publishes, and again after it went and came back, without an offer', async () => {
    stage.hub.open(keyOf('ann'))
    stage.link.subscribe(both('ann'))
    await until(() => stage.link.isConnected)
    publish('ann', 1)
    await until(() => isShown('ann'))
    streams.get(keyOf('ann').text)!.stream.end('ended')
    const before = framesOf('ann', 'video').length
    publish('ann', 2)
    await until(
      () => framesOf('ann', 'video').length > before + 3 && framesOf('ann', 'audio').some((f) => tagOf(f) === 2),
    )
    const times = framesOf('ann', 'video').map(({ pts }) => pts)
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times.at(-1)! - times[0]!).toBeLessThan(10_000 * MS)
    expect(stage.offers).toHaveLength(1)
  })

  test('a small tile takes the lower layer at its keyframe, a large one the higher, and no frame is missing between', async () => {
    publish('ann', 1, { width: 640 })
    const small = publish('ann', 2, { key: keyOf('ann').small, width: 320 })
    stage.link.subscribe([video('ann')])
    await until(() => isShown('ann'))
    const asked = small.keyframesAsked
    stage.link.subscribe([video('ann', 300)])
    await until(() => tagOf(framesOf('ann', 'video').at(-1)!) === 2)
    expect(small.keyframesAsked).toBeGreaterThan(asked)
    stage.link.subscribe([video('ann', 640)])
    await until(() => tagOf(framesOf('ann', 'video').at(-1)!) === 1)
    const shown = framesOf('ann', 'video')
    const switches = shown.filter((frame, index) => index > 0 && tagOf(frame) !== tagOf(shown[index - 1]!))
    expect(switches.map(({ keyframe, config }) => [keyframe, 'width' in config && config.width])).toEqual([
      [true, 320],
      [true, 640],
    ])
    const gaps = shown.slice(1).map((frame, index) => frame.pts - shown[index]!.pts)
    expect(Math.min(...gaps)).toBeGreaterThan(0)
    expect(Math.max(...gaps)).toBeLessThan(150 * MS + pauses())
    expect(stage.offers).toHaveLength(1)
  })

  test('when the lower layer stops the higher one takes its place', async () => {
    publish('ann', 1, { width: 640 })
    const small = publish('ann', 2, { key: keyOf('ann').small, width: 320 })
    stage.link.subscribe([video('ann', 320)])
    await until(() => isShown('ann') && tagOf(framesOf('ann', 'video').at(-1)!) === 2)
    small.pause()
    await until(() => tagOf(framesOf('ann', 'video').at(-1)!) === 1)
  })

  test('on a path that carries too little the video that matters least goes to its lower layer first, sound stays', async () => {
    for (const [index, user] of ['ann', 'bob'].entries()) {
      publish(user, index + 1, { bytes: 1000 })
      publish(user, index + 3, { key: keyOf(user).small, width: 320, bytes: 200 })
    }
    stage.link.subscribe([audio('ann'), video('ann'), video('bob')])
    await until(() => isShown('ann') && isShown('bob'))
    // A receiver without transport-wide feedback tells what it thinks of its path (REMB).
    const estimate = (bitrate: number): void => {
      const packet = { type: 'remb', senderSsrc: 1, bitrate, ssrcs: [1] } as const
      player.sendRtcp(buildCompound([{ type: 'receiver-report', ssrc: 1, reports: [] }, packet]))
    }
    const shownTag = (user: string): number => tagOf(framesOf(user, 'video').at(-1)!)
    const shows = (ann: number, bob: number, bitrate: number): Promise<void> =>
      until(() => {
        estimate(bitrate)
        return shownTag('ann') === ann && shownTag('bob') === bob
      })
    await shows(1, 4, 400_000)
    await shows(3, 4, 150_000)
    const heard = framesOf('ann', 'audio').length
    await until(() => framesOf('ann', 'audio').length > heard + 10)
    for (const user of ['ann', 'bob']) {
      const times = framesOf(user, 'video').map(({ pts }) => pts)
      const gaps = times.slice(1).map((pts, index) => pts - times[index]!)
      expect(Math.max(...gaps)).toBeLessThan(1000 * MS + pauses())
    }
    expect(stage.link.room).toBeLessThanOrEqual(1)
  })

  test('a change of network is answered by a restart: the same session goes on by another address', async () => {
    publish('ann', 1)
    stage.link.subscribe(both('ann'))
    await until(() => isShown('ann'))
    player.move()
    stage.link.restart()
    const before = framesOf('ann', 'video').length
    await until(() => framesOf('ann', 'video').length > before + 5)
    expect(stage.offers).toHaveLength(2)
    expect(stage.gateway.peers).toBe(1)
  })

  test('a browser that begins anew answers from another PeerConnection and gets everything there', async () => {
    publish('ann', 1)
    publish('bob', 2)
    stage.link.subscribe([...both('ann'), ...both('bob')])
    await until(() => isShown('ann') && isShown('bob'))
    const before = player
    player = newPlayer(otherEngine)
    stage.link.restart()
    before.close()
    await until(() => isShown('ann') && isShown('bob'))
    expect(stage.gateway.peers).toBe(1)
  })
})
