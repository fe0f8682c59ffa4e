import type { MediaFrame } from '@crossroom/media'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { gopCacheLimits } from '../config/limits.js'
import { Stream } from '../hub/stream.js'
import { StreamKey } from '../hub/stream-key.js'
import { systemClock } from '../net/clock.js'
import { silentLog } from '../observe/log.js'
import { aacFrames, buildWorker, decodeOpus, toneShare, until } from './codec-process.fake.js'
import { childSpawner } from './spawn-child.js'
import { Transcoder } from './transcoder.js'

const SECOND = 1_000_000
let entry = ''
let transcoder: Transcoder | undefined

beforeAll(() => {
  entry = buildWorker()
})

afterEach(() => {
  transcoder?.close()
})

/** Publishes a tone in real time, stops the codec process by `signal` after a second, and gives what came out. */
async function playThrough(signal: NodeJS.Signals): Promise<{ frame: MediaFrame; at: number }[]> {
  const pids: number[] = []
  const spawn = childSpawner({ log: silentLog, entry })
  transcoder = new Transcoder({
    clock: systemClock,
    log: silentLog,
    spawn: (handlers) => {
      const child = spawn(handlers)
      pids.push(child.pid!)
      return child
    },
  })
  transcoder.start()
  await until(() => transcoder!.lanes.every(({ state }) => state === 'ready'), 'both codec processes')
  await until(() => pids.length === 3, 'the process that stands by')
  const limits = {
    gopCache: gopCacheLimits,
    graceMicros: SECOND,
    silentMicros: 10 * SECOND,
    headerWaitMicros: 0,
    trackSilentMicros: 5 * SECOND,
  }
  const stream = new Stream(StreamKey.plain('live/tone'), systemClock, limits, () => undefined)
  const info = { id: '1', protocol: 'rtmp', remoteAddress: '', onClose: () => undefined }
  const publication = stream.publish(info)!
  const out: { frame: MediaFrame; at: number }[] = []
  const needs = { name: 'webrtc', audio: ['opus'], video: [], reordered: false } as const
  transcoder
    .derive(stream, needs)
    .subscribe(
      { handleFrame: (frame) => void out.push({ frame, at: systemClock.now() }), handleEnd: () => undefined },
      'gop',
    )
  const frames = aacFrames('sine=frequency=1000:sample_rate=48000', 48000, 1, 6)
  const start = systemClock.now()
  let stopped = false
  for (const frame of frames) {
    await until(() => systemClock.now() - start >= frame.pts, 'the time of the next frame')
    if (!stopped && frame.pts > SECOND) {
      stopped = true
      process.kill(pids[0]!, signal)
    }
    publication.push({ ...frame, receivedAt: systemClock.now() })
  }
  publication.end()
  return out
}

test.each(['SIGKILL', 'SIGSTOP'] as const)(
  'after %s of the codec process the sound comes back, in order and in tune',
  async (signal) => {
    const out = await playThrough(signal)
    const silences = out.map(({ at }, index) => at - (out[index - 1]?.at ?? at))
    // A hang must be told from a long piece of work first; a crash is made up for at once.
    expect(Math.max(...silences)).toBeGreaterThan(signal === 'SIGSTOP' ? 500_000 : 20_000)
    // The goal is 1.5 s on a quiet machine; this one may be busy.
    expect(Math.max(...silences)).toBeLessThan(3 * SECOND)
    expect(out.at(-1)!.frame.pts).toBeGreaterThan(5.7 * SECOND)
    for (const [index, { frame }] of out.entries()) {
      if (index > 0) expect(frame.pts - out[index - 1]!.frame.pts).toBeGreaterThan(10_000)
    }
    const last = decodeOpus(out.slice(-50).map(({ frame }) => frame))
    expect(toneShare(last.subarray(4800), 1000)).toBeGreaterThan(0.97)
    expect(transcoder!.lanes[0]).toMatchObject({ crashes: 1, hangs: signal === 'SIGSTOP' ? 1 : 0 })
  },
)
