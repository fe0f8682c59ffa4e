import type { PublishedTrack } from '@crossroom/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CrossroomError } from '../errors.js'
import { videoProfiles } from '../profiles.js'
import { fakeTrack, stubPeerConnections, type FakePeerConnection } from './peer-connection.fake.js'
import { Uplink, type SentTrack } from './uplink.js'

beforeEach(stubPeerConnections)
afterEach(() => {
  vi.unstubAllGlobals()
})

const camera = (width?: number): SentTrack => ({
  streamType: 'main',
  kind: 'video',
  track: fakeTrack('video', width),
  profile: videoProfiles['720p'],
})
const microphone = (): SentTrack => ({ streamType: 'main', kind: 'audio', track: fakeTrack('audio') })
const screen = (): SentTrack => ({ ...camera(1920), streamType: 'aux', profile: videoProfiles['1080p'] })

/** A server whose answers the test gives when it wants. */
function stage(answer: (tracks: readonly PublishedTrack[]) => Promise<string> = () => Promise.resolve('answer')) {
  const published: (readonly PublishedTrack[])[] = []
  const forgotten = vi.fn()
  const uplink = new Uplink({
    iceServers: [],
    publish: (_sdp, tracks) => {
      published.push(tracks)
      return answer(tracks)
    },
    forgotten,
    stateChanged: () => undefined,
  })
  return { uplink, published, forgotten, peer: uplink.connection as unknown as FakePeerConnection }
}

test('camera and microphone that start in one turn share an offer', async () => {
  const { uplink, published } = stage()
  const [video, audio] = [camera(), microphone()]
  await Promise.all([uplink.sync([video]), uplink.sync([video, audio])])
  expect(published).toEqual([
    [
      { mid: '0', streamType: 'main', kind: 'video' },
      { mid: '1', streamType: 'main', kind: 'audio' },
    ],
  ])
})

test('the camera goes up in two layers, the lower one first; a screen in one', async () => {
  const { uplink, peer } = stage()
  await uplink.sync([camera(1280), screen()])
  const [main, aux] = peer.transceivers
  expect(main!.sender.encodings.map(({ rid, scaleResolutionDownBy }) => [rid, scaleResolutionDownBy])).toEqual([
    ['l', 4],
    ['h', 1],
  ])
  expect(aux!.sender.encodings).toEqual([{ maxBitrate: 3_000_000, maxFramerate: 30 }])
})

test('changes during an unanswered offer are in the next offer, never in a second one at the same time', async () => {
  const answers: (() => void)[] = []
  const { uplink, published } = stage(() => new Promise((resolve) => answers.push(() => resolve('answer'))))
  const first = uplink.sync([camera()])
  await vi.waitFor(() => expect(answers).toHaveLength(1))
  const both = [camera(), microphone()]
  const second = uplink.sync(both)
  await Promise.resolve()
  expect(published).toHaveLength(1)
  answers[0]!()
  await vi.waitFor(() => expect(answers).toHaveLength(2))
  answers[1]!()
  await Promise.all([first, second])
  expect(published[1]).toHaveLength(2)
})

test('another track of the same kind needs no offer, and takes the layers of its size', async () => {
  const { uplink, published, peer } = stage()
  await uplink.sync([camera(640)])
  const other = camera(1280)
  await uplink.sync([other])
  expect(published).toHaveLength(1)
  expect(peer.transceivers[0]!.sender.track).toBe(other.track)
  expect(peer.transceivers[0]!.sender.encodings[0]!.scaleResolutionDownBy).toBe(4)
})

test('an ended track keeps its m-line for the next one', async () => {
  const { uplink, published, peer } = stage()
  const audio = microphone()
  await uplink.sync([camera(), audio])
  await uplink.sync([audio])
  expect(peer.transceivers[0]).toMatchObject({ direction: 'inactive' })
  expect(published[1]).toEqual([{ mid: '1', streamType: 'main', kind: 'audio' }])
  await uplink.sync([camera(), audio])
  expect(peer.transceivers).toHaveLength(2)
  expect(published[2]).toHaveLength(2)
})

test('a refused offer is rolled back, reported, and repeated with the next change', async () => {
  let isRefused = true
  const { uplink, published, peer } = stage(() =>
    isRefused ? Promise.reject(new CrossroomError('SDP_INVALID', 'It has no fingerprint.')) : Promise.resolve('answer'),
  )
  const video = camera()
  await expect(uplink.sync([video])).rejects.toMatchObject({ code: 'SDP_INVALID', message: 'It has no fingerprint.' })
  expect(peer.signalingState).toBe('stable')
  isRefused = false
  await uplink.sync([video])
  expect(published).toHaveLength(2)
})

test('a restart offers new credentials, and only where there is something to send', async () => {
  const { uplink, peer } = stage()
  await uplink.restart()
  expect(peer.offers).toEqual([])
  await uplink.sync([camera()])
  await uplink.restart()
  expect(peer.offers).toEqual([{ iceRestart: false }, { iceRestart: true }])
})

test('a restart that did not reach the server is made with the next one', async () => {
  let isLost = false
  const { uplink, peer } = stage(() => (isLost ? Promise.reject(new Error('lost')) : Promise.resolve('answer')))
  await uplink.sync([camera()])
  isLost = true
  await expect(uplink.restart()).rejects.toMatchObject({ code: 'NEGOTIATION_FAILED' })
  isLost = false
  await uplink.restart()
  expect(peer.offers.at(-1)).toEqual({ iceRestart: true })
})

test('an answer of another session of the server is told, for this connection is at its end', async () => {
  let session = 1
  const { uplink, forgotten, peer } = stage(() => Promise.resolve(`v=0\r\no=- ${String(session)} 2 IN IP4 0.0.0.0\r\n`))
  await uplink.sync([camera()])
  await uplink.restart()
  expect(forgotten).not.toHaveBeenCalled()
  session = 2
  await uplink.restart()
  expect(forgotten).toHaveBeenCalledOnce()
  expect(peer.signalingState).toBe('have-local-offer')
})
