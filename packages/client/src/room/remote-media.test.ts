// @vitest-environment jsdom
import type { User, StreamSubscription } from '@crossroom/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ReceivedTrack } from './downlink.js'
import { fakeTrack } from './peer-connection.fake.js'
import { RemoteMedia } from './remote-media.js'

const play = { rtmp: '', flv: '', wsFlv: 'ws://host/r/t.flv', whep: '' }

const user = (userId: string, hasAudio = true, hasVideo = true): User => ({
  userId,
  userName: userId,
  kind: 'browser',
  role: 'anchor',
  streams: [{ streamType: 'main', hasAudio, hasVideo, play }],
})

const received = (mid: string, userId: string, kind: 'audio' | 'video', track = fakeTrack(kind)): ReceivedTrack => ({
  ...{ mid, userId, streamType: 'main', kind, track },
})

class FakeStream {
  readonly tracks: readonly MediaStreamTrack[]

  constructor(tracks: readonly MediaStreamTrack[]) {
    this.tracks = tracks
  }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('MediaStream', FakeStream)
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {
        return
      }
      disconnect(): void {
        return
      }
    },
  )
  vi.spyOn(HTMLMediaElement.prototype, 'play').mockResolvedValue()
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null)
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', { writable: true, configurable: true, value: null })
  document.body.innerHTML = '<div id="a"></div><div id="b"></div>'
})

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

function stage(over: { autoReceiveAudio?: boolean; autoReceiveVideo?: boolean } = {}) {
  const subscriptions: (readonly StreamSubscription[])[] = []
  const came: string[] = []
  const media = new RemoteMedia({
    autoReceiveAudio: true,
    autoReceiveVideo: true,
    unseenWidth: 320,
    ...over,
    subscribe: (subscription) => subscriptions.push(subscription),
    trackCame: ({ userId, kind }) => came.push(`${userId} ${kind}`),
    firstFrame: () => undefined,
    sizeChanged: () => undefined,
    blocked: () => undefined,
    failed: () => undefined,
  })
  return { media, subscriptions, came }
}

const settle = (): void => void vi.advanceTimersByTime(1)
const tracksIn = (id: string): readonly MediaStreamTrack[] | undefined => {
  const source = document.querySelector<HTMLVideoElement>(`#${id} video`)?.srcObject as unknown as FakeStream | null
  return source?.tracks
}

test('all changes of one turn are one subscription, and an unchanged one is not sent', () => {
  const { media, subscriptions } = stage()
  media.setUsers([user('anna'), user('ben')])
  media.startVideo({ userId: 'anna', view: 'a' })
  settle()
  expect(subscriptions.map((subscription) => subscription.map(({ userId, maxWidth }) => [userId, maxWidth]))).toEqual([
    [
      ['anna', 320],
      ['ben', 320],
    ],
  ])
  media.startVideo({ userId: 'anna', view: 'a' })
  settle()
  expect(subscriptions).toHaveLength(1)
})

test('a picture is in its view while it is there, and gone while it is muted', () => {
  const { media } = stage()
  const track = fakeTrack('video')
  media.setUsers([user('anna')])
  media.startVideo({ userId: 'anna', view: 'a' })
  media.setTracks([received('0', 'anna', 'video', track)])
  expect(tracksIn('a')).toEqual([track])
  media.setUsers([user('anna', true, false)])
  expect(tracksIn('a')).toBeUndefined()
  media.setUsers([user('anna')])
  expect(tracksIn('a')).toEqual([track])
})

test('a slot that passes to another member appears only in that member’s view', () => {
  const { media, came } = stage()
  const track = fakeTrack('video')
  media.setUsers([user('anna'), user('ben')])
  media.startVideo({ userId: 'anna', view: 'a' })
  media.startVideo({ userId: 'ben', view: 'b' })
  media.setTracks([received('0', 'anna', 'video', track)])
  media.setTracks([received('0', 'ben', 'video', track)])
  expect(tracksIn('a')).toBeUndefined()
  expect(tracksIn('b')).toEqual([track])
  expect(came).toEqual(['anna video', 'ben video'])
})

test('the same track told again is no news', () => {
  const { media, came } = stage()
  const voice = received('0', 'anna', 'audio')
  media.setUsers([user('anna')])
  media.setTracks([voice])
  media.setTracks([voice, received('1', 'anna', 'video')])
  expect(came).toEqual(['anna audio', 'anna video'])
})

test('a leaving member leaves no element behind', () => {
  const { media } = stage()
  media.setUsers([user('anna')])
  media.startVideo({ userId: 'anna', view: 'a' })
  media.setUsers([])
  expect(document.querySelectorAll('video')).toHaveLength(0)
  expect(() => media.startVideo({ userId: 'anna', view: 'a' })).toThrow(/not in the room/)
})

test('an element that is not there is said so, and nothing is changed', () => {
  const { media } = stage()
  media.setUsers([user('anna')])
  media.startVideo({ userId: 'anna', view: 'a' })
  expect(() => media.startVideo({ userId: 'anna', view: 'nowhere' })).toThrow(/no element/)
  expect(document.querySelectorAll('#a video')).toHaveLength(1)
})

test('a view of its own element is used and given back; in another view the picture moves', () => {
  document.body.innerHTML = '<video id="own"></video><div id="b"></div>'
  const { media } = stage()
  const track = fakeTrack('video')
  media.setUsers([user('anna')])
  media.setTracks([received('0', 'anna', 'video', track)])
  media.startVideo({ userId: 'anna', view: 'own', mirror: true })
  const own = document.querySelector<HTMLVideoElement>('#own')!
  expect((own.srcObject as unknown as FakeStream).tracks).toEqual([track])
  media.startVideo({ userId: 'anna', view: 'b' })
  expect(own.isConnected).toBe(true)
  expect(own.srcObject).toBeNull()
  expect(own.style.transform).toBe('')
  expect(tracksIn('b')).toEqual([track])
})

test('muting all also applies to later members, until one is named', () => {
  const { media, subscriptions } = stage({ autoReceiveVideo: false })
  media.muteAudio('*', true)
  media.setUsers([user('anna'), user('ben')])
  settle()
  expect(subscriptions).toEqual([[]])
  media.muteAudio('ben', false)
  settle()
  expect(subscriptions.at(-1)).toEqual([{ userId: 'ben', streamType: 'main', audio: true, video: false }])
})

test('without autoReceiveAudio only members requested by the page are heard', () => {
  const { media, subscriptions } = stage({ autoReceiveAudio: false, autoReceiveVideo: false })
  media.setUsers([user('anna'), user('ben')])
  media.muteAudio('anna', false)
  settle()
  expect(subscriptions.at(-1)!.map(({ userId }) => userId)).toEqual(['anna'])
})

test('during the WebSocket fallback the WebRTC subscription stays, so that the server keeps offering it', () => {
  const { media, subscriptions } = stage()
  media.setUsers([user('anna')])
  settle()
  media.setPath('ws-flv')
  media.setUsers([user('anna'), user('ben')])
  settle()
  expect(subscriptions.at(-1)).toHaveLength(2)
  media.subscribeToNothing()
  settle()
  expect(subscriptions.at(-1)).toEqual([])
})

test('a picture that comes lying by WebSocket is turned and fitted; by WebRTC the browser turns it', () => {
  const { media } = stage()
  media.setUsers([user('anna')])
  media.startVideo({ userId: 'anna', view: 'a', mirror: true })
  media.setRotation('anna', 'main', 90)
  const video = document.querySelector('video')!
  expect(video.style.transform).toBe('scaleX(-1)')
  for (const [name, value] of Object.entries({
    clientWidth: 640,
    clientHeight: 360,
    videoWidth: 1280,
    videoHeight: 720,
  })) {
    Object.defineProperty(video, name, { value })
  }
  media.setPath('ws-flv')
  // Upright it would be 640 × 360; on its side 202.5 × 360 are left.
  expect(video.style.transform).toBe('scaleX(-1) rotate(90deg) scale(0.5625)')
  media.setRotation('anna', 'main', 180)
  expect(video.style.transform).toBe('scaleX(-1) rotate(180deg)')
})

test('after the end nothing is subscribed to', () => {
  const { media, subscriptions } = stage()
  media.setUsers([user('anna')])
  media.close()
  settle()
  expect(subscriptions).toEqual([])
})
