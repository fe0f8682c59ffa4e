import type { MediaFrame } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { gopCacheLimits, snapshotLimits } from '../../config/limits.js'
import { Stream, StreamKey, type PublisherInfo } from '../../hub/index.js'
import { silentLog } from '../../observe/log.js'
import { FakeChildren, h264Config, picture, sound } from '../codecs.fake.js'
import { Transcoder } from '../transcoder.js'
import { Snapshots, type SnapshotRequest } from './snapshots.js'

const SECOND = 1_000_000

function rig(info: Partial<PublisherInfo> = {}, engine?: null) {
  const clock = new VirtualClock()
  const children = new FakeChildren(clock, engine)
  const transcoder = new Transcoder({ clock, log: silentLog, spawn: children.spawn, spare: false })
  transcoder.start()
  const limits = {
    ...{ gopCache: gopCacheLimits, graceMicros: 15 * SECOND, silentMicros: 10 * SECOND },
    ...{ headerWaitMicros: 500_000, trackSilentMicros: 5 * SECOND },
  }
  const stream = new Stream(StreamKey.plain('live/cam'), clock, limits)
  // A room keeps its streams.
  stream.hold()
  const publish = () =>
    stream.publish({ id: 'p', protocol: 'rtmp', remoteAddress: '', onClose: () => undefined, ...info })!
  const publication = publish()
  clock.advance(SECOND)
  const snapshots = new Snapshots({ clock, process: transcoder.process('video') })
  const take = (request: SnapshotRequest = { format: 'jpeg', width: 320 }): Promise<string> =>
    snapshots.take(stream, request).then(
      (bytes) => new TextDecoder().decode(bytes),
      (error: unknown) => `${(error as { code: string }).code}: ${(error as Error).message}`,
    )
  /** Lets time go by, and every promise that can settle. */
  const pass = async (micros: number): Promise<void> => {
    for (let step = 0; step < 4; step++) {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve()
      clock.advance(micros / 4)
    }
    for (let turn = 0; turn < 20; turn++) await Promise.resolve()
  }
  return { clock, children, snapshots, stream, publish, publication, take, pass }
}

/** A keyframe with this number in its bytes. */
function keyframe(number: number, pts: number): MediaFrame {
  return { ...picture('I', pts), units: [new Uint8Array([number, 0])] }
}

test('a picture is made of the cached keyframe, whatever came after it', async () => {
  const { publication, take, pass } = rig()
  for (const frame of [keyframe(1, 0), picture('P', 40_000), sound(41_000)]) publication.push(frame)
  const taken = take()
  await pass(10_000)
  expect(await taken).toBe('jpeg 320 of 1')
})

test('requests within a second share a picture, and so do all requests of one keyframe', async () => {
  const { publication, snapshots, take, pass } = rig()
  publication.push(keyframe(1, 0))
  const first = [take(), take(), take({ format: 'webp' })]
  await pass(10_000)
  expect(await Promise.all(first)).toEqual(['jpeg 320 of 1', 'jpeg 320 of 1', 'webp undefined of 1'])
  publication.push(keyframe(2, 20_000))
  expect(await take()).toBe('jpeg 320 of 1')
  await pass(SECOND)
  const later = take()
  await pass(10_000)
  expect(await later).toBe('jpeg 320 of 2')
  await pass(20 * SECOND)
  expect(await take()).toBe('jpeg 320 of 2')
  expect(snapshots.counters).toEqual({ made: 3, shared: 3, failed: 0 })
})

test('a publisher without a cached keyframe is asked for one; without an answer the deadline gives a sentence', async () => {
  let asked = 0
  const { publication, take, pass } = rig({ requestKeyframe: () => asked++ })
  publication.push(picture('P', 0))
  const taken = take()
  await pass(SECOND)
  expect(asked).toBeGreaterThan(0)
  publication.push(keyframe(7, SECOND))
  await pass(10_000)
  expect(await taken).toBe('jpeg 320 of 7')
  const silent = rig()
  silent.publication.push(picture('P', 0))
  const vain = silent.take()
  await silent.pass(snapshotLimits.deadlineMicros)
  expect(await vain).toBe('NO_KEYFRAME: The publisher sent no keyframe within 5 s.')
})

test('a stream without a keyframe that starts at a recovery point shows the picture that is whole', async () => {
  const { publication, take, pass } = rig()
  const unit = (number: number) => [new Uint8Array([number, 0])]
  publication.push({ ...picture('P', 0), units: unit(3), recovery: 2 })
  for (const number of [4, 5, 6]) publication.push({ ...picture('P', number * 40_000), units: unit(number) })
  const taken = take()
  await pass(10_000)
  expect(await taken).toBe('jpeg 320 of 5')
})

test('a stream of sound, one without a publisher and one that ends while it waits say so', async () => {
  const silent = rig()
  silent.publication.push(sound(0))
  const early = silent.take()
  await silent.pass(SECOND)
  expect(await early).toBe('NO_VIDEO: The stream has no video.')
  expect(await silent.take()).toBe('NO_VIDEO: The stream has no video.')
  const { publication, take, pass } = rig()
  publication.push(picture('P', 0))
  const waiting = take()
  await pass(1000)
  publication.end()
  expect(await waiting).toBe('NO_PUBLISHER: The publisher left before it sent a keyframe.')
  expect(await take()).toBe('NO_PUBLISHER: The stream has no publisher at present.')
})

test('another publisher is never shown by a picture of the one before', async () => {
  const { publication, publish, take, pass } = rig()
  publication.push(keyframe(1, 0))
  const first = take()
  await pass(10_000)
  await first
  publication.end()
  publish().push(keyframe(2, 0))
  const second = take()
  await pass(10_000)
  expect(await second).toBe('jpeg 320 of 2')
})

test('a picture that cannot be decoded, a codec process that dies or hangs, and none at all are told apart', async () => {
  const { children, publication, take, pass } = rig()
  publication.push(keyframe(0xff, 0))
  const broken = take()
  await pass(10_000)
  expect(await broken).toBe('PICTURE_BROKEN: told to fail')
  publication.push(keyframe(2, 40_000))
  const lost = take()
  for (const child of children.alive) child.kill()
  await pass(10_000)
  expect(await lost).toBe('NO_CODECS: No codec engine is available to decode the picture.')
  await pass(2 * SECOND)
  for (const child of children.alive) child.hanging = true
  const hung = take({ format: 'webp' })
  await pass(snapshotLimits.deadlineMicros)
  expect(await hung).toContain('NO_CODECS')
  const without = rig({}, null)
  without.publication.push(keyframe(1, 0))
  expect(await without.take()).toContain('NO_CODECS')
})

test('beyond the limit of waiting pictures a request is refused, and every accepted one is answered', async () => {
  const { publication, take, pass } = rig()
  publication.push(keyframe(1, 0))
  const all = Array.from({ length: snapshotLimits.waiting + 1 }, (_, index) =>
    take({ format: 'jpeg', width: 16 + index }),
  )
  for (let turn = 0; turn < 200; turn++) await pass(10_000)
  const answers = await Promise.all(all)
  expect(answers.at(-1)).toContain('SNAPSHOTS_BUSY')
  expect(answers.slice(0, -1).every((answer, index) => answer === `jpeg ${String(16 + index)} of 1`)).toBe(true)
})

/** What happens to a stream, in any order, while pictures are taken. */
const steps = fc.array(
  fc.constantFrom('keyframe', 'picture', 'mute', 'unmute', 'leave', 'return', 'take', 'wait', 'wait long'),
  { maxLength: 60 },
)

test('whatever happens, a muted picture is never shown, and every request is answered before its deadlines', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const { stream, publish, publication, take, pass } = rig()
      let present: typeof publication | undefined = publication
      let at = 0
      let number = 1
      /** Numbers of keyframes that came while the picture was muted. */
      const hidden = new Set<number>()
      const open: Promise<string>[] = []
      for (const step of all) {
        at += 40_000
        if (step === 'keyframe') {
          number = (number % 200) + 1
          if (stream.isVideoWithheld) hidden.add(number)
          else hidden.delete(number)
          present?.push(keyframe(number, at))
        } else if (step === 'picture') present?.push(picture('P', at))
        else if (step === 'mute' || step === 'unmute') stream.withhold({ audio: false, video: step === 'mute' })
        else if (step === 'leave') {
          if (stream.state === 'live') present?.end()
          present = undefined
        } else if (step === 'return') present ??= publish()
        else if (step === 'take') {
          const before = stream.isVideoWithheld
          const answer = take()
          open.push(answer)
          if (before) expect(await answer).toContain('VIDEO_WITHHELD')
        } else await pass(step === 'wait' ? 10_000 : 2 * SECOND)
      }
      await pass(3 * snapshotLimits.deadlineMicros)
      const answers = await Promise.all(open)
      for (const answer of answers) {
        const shown = /of (\d+)$/.exec(answer)?.[1]
        if (shown === undefined) expect(answer).toMatch(/^[A-Z_]+: .+\.$/)
        else expect(hidden.has(Number(shown))).toBe(false)
      }
    }),
    { numRuns: 60 },
  )
})

test('the codec is the publisher’s affair: the configuration travels with the picture', async () => {
  const { publication, take, pass } = rig()
  publication.push({ ...keyframe(9, 0), config: { ...h264Config, codec: 'av1' } })
  const taken = take()
  await pass(10_000)
  expect(await taken).toBe('jpeg 320 of 9')
})
