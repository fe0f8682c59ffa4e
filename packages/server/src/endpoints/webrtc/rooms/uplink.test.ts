import type { MediaFrame } from '@crossroom/media'
import { SdpError } from '@crossroom/webrtc'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gopCacheLimits, publisherLimits } from '../../../config/index.js'
import { Connections, StreamHub, StreamKey } from '../../../hub/index.js'
import { systemClock } from '../../../net/index.js'
import { Metrics, silentLog } from '../../../observe/index.js'
import { RtcGateway } from '../port/gateway.js'
import { openEngine, until, UplinkPeer, type OfferedLine } from './uplink-peer.fake.js'
import type { PublishedTrack } from '@crossroom/protocol'
import { RoomUplink } from './uplink.js'

const AUDIO = { mid: '0', kind: 'audio' } as const satisfies OfferedLine
const VIDEO = { mid: '1', kind: 'video' } as const satisfies OfferedLine
const SCREEN = { mid: '2', kind: 'video' } as const satisfies OfferedLine
const LAYERS = { ...VIDEO, rids: ['h', 'l'] } as const satisfies OfferedLine
const CAMERA: readonly PublishedTrack[] = [
  { ...AUDIO, streamType: 'main' },
  { ...VIDEO, streamType: 'main' },
]
const WITH_SCREEN: readonly PublishedTrack[] = [...CAMERA, { ...SCREEN, streamType: 'aux' }]

const keyOf = (name: string): StreamKey => StreamKey.room(name)
const MAIN = keyOf('main')
const AUX = keyOf('aux')

const serverEngine = openEngine()
const peerEngine = openEngine()

describe.skipIf(serverEngine === undefined || peerEngine === undefined)(
  'a browser that publishes into its room',
  () => {
    let hub: StreamHub
    let gateway: RtcGateway
    let uplink: RoomUplink
    let connections: Connections
    let refusals: string[]
    const peers: UplinkPeer[] = []

    beforeEach(() => {
      const engine = serverEngine!
      const port = engine.udp.open({ host: '127.0.0.1', port: 0 })
      const candidate = { foundation: '1', component: 1, transport: 'udp', priority: 1, ip: '127.0.0.1' } as const
      const candidates = [{ ...candidate, port: port.port, type: 'host' } as const]
      gateway = new RtcGateway({ engine, port, candidates, clock: systemClock, cname: 'c' })
      hub = new StreamHub(systemClock, { gopCache: gopCacheLimits, ...publisherLimits })
      connections = new Connections()
      refusals = []
      let ids = 0
      uplink = new RoomUplink({
        environment: {
          ...{ hub, connections, clock: systemClock, log: silentLog, metrics: new Metrics() },
          newConnectionId: () => `c${String(ids++)}`,
        },
        ...{ gateway, roomId: '7', userId: 'ann', remoteAddress: '127.0.0.1' },
        target: (streamType) => ({ key: keyOf(streamType), subject: 'ann' }),
        refused: (streamType, reason) => refusals.push(`${streamType}: ${reason}`),
      })
    })

    afterEach(() => {
      peers.splice(0).forEach((peer) => peer.close())
      uplink.close()
      hub.close('shutdown')
      gateway.close()
    })

    afterAll(() => {
      serverEngine?.close()
      peerEngine?.close()
    })

    async function connect(lines: readonly OfferedLine[], tracks = CAMERA): Promise<UplinkPeer> {
      const peer = new UplinkPeer(peerEngine!)
      peers.push(peer)
      await peer.connect(uplink.publish(peer.offer(lines), tracks))
      await until(() => uplink.isConnected)
      return peer
    }

    /** What comes out of a stream from now on. */
    function watch(key: StreamKey): MediaFrame[] {
      const frames: MediaFrame[] = []
      hub.open(key).subscribe({ handleFrame: (frame) => frames.push(frame), handleEnd: () => undefined }, 'live')
      return frames
    }

    const widthOf = ({ config }: MediaFrame): number => (config.kind === 'video' ? config.width : 0)

    test('camera and microphone are one stream, as soon as the offer is taken', async () => {
      const peer = await connect([AUDIO, VIDEO])
      const stream = hub.get(MAIN)!
      expect(stream.publication?.info).toMatchObject({ protocol: 'webrtc', subject: 'ann' })
      const frames = watch(MAIN)
      peer.sendVideo('1', 11, { keyframe: true })
      peer.sendAudio('0', 10)
      await until(() => frames.length === 2)
      expect(stream.tracks).toMatchObject({ video: { codec: 'h264', width: 640 }, audio: { codec: 'opus' } })
      expect(connections.list(MAIN)).toMatchObject([{ role: 'publisher', protocol: 'webrtc' }])
      expect(hub.get(AUX)).toBeUndefined()
    })

    test('a screen joins and leaves on the same connection, and the camera goes on', async () => {
      const peer = await connect([AUDIO, VIDEO])
      const camera = watch(MAIN)
      peer.sendVideo('1', 11, { keyframe: true })
      const answer = uplink.publish(peer.offer([AUDIO, VIDEO, SCREEN]), WITH_SCREEN)
      expect(answer.match(/^a=recvonly/gm)).toHaveLength(3)
      expect(answer).toMatch(/^o=- \d+ 2 /m)
      const screen = watch(AUX)
      peer.sendVideo('2', 12, { keyframe: true })
      peer.sendVideo('1', 11)
      await until(() => screen.length === 1 && camera.length === 2)

      const held = uplink.publish(peer.offer([AUDIO, VIDEO, { ...SCREEN, direction: 'inactive' }]), CAMERA)
      expect(held.match(/^a=inactive/gm)).toHaveLength(1)
      expect(held).not.toMatch(/^m=\w+ 0 /m)
      expect(hub.get(AUX)?.state).toBe('grace')
      peer.sendVideo('2', 12)
      peer.sendVideo('1', 11)
      await until(() => camera.length === 3)
      expect(screen.length).toBe(1)

      uplink.publish(peer.offer([AUDIO, VIDEO, SCREEN]), WITH_SCREEN)
      peer.sendVideo('2', 13, { keyframe: true })
      await until(() => screen.length === 2)
    })

    test('unpublish ends one stream at once', async () => {
      const peer = await connect([AUDIO, VIDEO, SCREEN], WITH_SCREEN)
      const [camera, screen] = [watch(MAIN), watch(AUX)]
      uplink.unpublish('aux')
      peer.sendVideo('2', 12, { keyframe: true })
      peer.sendVideo('1', 11, { keyframe: true })
      await until(() => camera.length === 1)
      expect(screen).toEqual([])
      expect(hub.get(AUX)?.state).toBe('grace')
      expect(connections.list(AUX)).toEqual([])
    })

    test('ICE restarts in mid-publish: the answer has other credentials and the stream has no gap', async () => {
      const peer = await connect([AUDIO, VIDEO])
      const frames = watch(MAIN)
      peer.sendVideo('1', 11, { keyframe: true })
      const plain = uplink.publish(peer.offer([AUDIO, VIDEO]), CAMERA)
      peer.peer.restartIce()
      const restarted = uplink.publish(peer.offer([AUDIO, VIDEO]), CAMERA)
      const fragment = (sdp: string): string => /^a=ice-ufrag:(\S+)/m.exec(sdp)![1]!
      expect(fragment(restarted)).not.toBe(fragment(plain))
      peer.acceptRestart(restarted)
      peer.sendVideo('1', 11)
      await until(() => frames.length === 2)
      expect(gateway.peers).toBe(1)
    })

    test('another PeerConnection takes the place of the one before, and viewers see no end', async () => {
      await connect([AUDIO, VIDEO])
      const publication = hub.get(MAIN)!.publication
      const frames = watch(MAIN)
      const engine = openEngine()!
      const second = new UplinkPeer(engine)
      await second.connect(uplink.publish(second.offer([AUDIO, VIDEO]), CAMERA))
      await until(() => uplink.isConnected)
      expect(gateway.peers).toBe(1)
      expect(hub.get(MAIN)!.publication).toBe(publication)
      second.sendVideo('1', 21, { keyframe: true })
      await until(() => frames.length === 1)
      second.close()
      engine.close()
    })

    test('two layers: the best is the stream, the lowest a stream beside it with the same sound', async () => {
      const peer = await connect([AUDIO, LAYERS])
      const [best, small] = [watch(MAIN), watch(MAIN.small)]
      peer.sendVideo('1', 11, { keyframe: true, rid: 'h' })
      peer.sendVideo('1', 12, { keyframe: true, rid: 'l' })
      peer.sendAudio('0', 10)
      await until(() => best.length === 2 && small.length === 2)
      expect(best.map(widthOf)).toEqual([640, 0])
      expect(small.map(widthOf)).toEqual([320, 0])
    })

    test('a request for a keyframe goes to the layer that is watched', async () => {
      const peer = await connect([AUDIO, LAYERS])
      const small = watch(MAIN.small)
      peer.sendVideo('1', 11, { keyframe: true, rid: 'h' })
      peer.sendVideo('1', 12, { keyframe: true, rid: 'l' })
      await until(() => small.length === 1)
      expect(hub.get(MAIN.small)!.requestKeyframe()).toBe(true)
      await until(() => peer.keyframesAsked.includes(12))
      expect(peer.keyframesAsked).not.toContain(11)
      hub.get(MAIN)!.requestKeyframe()
      await until(() => peer.keyframesAsked.includes(11))
    })

    test('the same user publishes from somewhere else: the member is told, and the rest goes on', async () => {
      const peer = await connect([AUDIO, VIDEO, SCREEN], WITH_SCREEN)
      const screen = watch(AUX)
      const info = { id: 'x', protocol: 'rtmp', remoteAddress: '', subject: 'ann', onClose: () => undefined }
      expect(hub.open(MAIN).publish(info)).toBeDefined()
      await until(() => refusals.length > 0)
      expect(refusals).toEqual(['main: The same user publishes this stream from another connection.'])
      peer.sendVideo('2', 12, { keyframe: true })
      await until(() => screen.length === 1)
    })

    test('a key in use by another publisher is refused, after the answer', () => {
      const info = { id: 'x', protocol: 'rtmp', remoteAddress: '', subject: 'bob', onClose: () => undefined }
      hub.open(MAIN).publish(info)
      const peer = new UplinkPeer(peerEngine!)
      peers.push(peer)
      uplink.publish(peer.offer([AUDIO, VIDEO]), CAMERA)
      expect(refusals).toEqual([])
      return until(() => refusals.join() === 'main: This stream already has a publisher.')
    })

    test('the browser says goodbye: the streams end, and it may come back', async () => {
      const peer = await connect([AUDIO, VIDEO])
      watch(MAIN)
      peer.close()
      await until(() => hub.get(MAIN)?.state === 'grace')
      expect(uplink.path).toBeUndefined()
      await connect([AUDIO, VIDEO])
      expect(hub.get(MAIN)?.state).toBe('live')
    })

    test.each([
      ['a mid that the offer has not', [{ mid: '9', kind: 'video', streamType: 'main' }]],
      ['another kind', [{ mid: '0', kind: 'video', streamType: 'main' }]],
      ['one part twice', [...CAMERA, { ...SCREEN, streamType: 'main' }]],
      ['one m-line twice', [...CAMERA, { ...VIDEO, streamType: 'aux' }]],
    ] as const)('a list of tracks with %s changes nothing', (_claim, tracks) => {
      const peer = new UplinkPeer(peerEngine!)
      peers.push(peer)
      expect(() => uplink.publish(peer.offer([AUDIO, VIDEO, SCREEN]), tracks)).toThrow(SdpError)
      expect(gateway.peers).toBe(0)
      expect(hub.size).toBe(0)
    })
  },
)
