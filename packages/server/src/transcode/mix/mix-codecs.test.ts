import { isAudioFrame, type AudioFrame, type MediaFrame } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { gopCacheLimits } from '../../config/limits.js'
import { StreamHub } from '../../hub/stream-hub.js'
import type { Publication } from '../../hub/stream.js'
import { systemClock } from '../../net/clock.js'
import { silentLog } from '../../observe/log.js'
import { orderFor, RECIPES } from '../catalog.js'
import type { CodecProcess } from '../codec-process.js'
import { aacFrames, convertAll, decodeAac, readyProcess, rms, until } from '../real-codecs.cases.js'
import { toneShareByWindows } from '../tones.cases.js'
import { Mixer } from './mixer.js'

const SECOND = 1_000_000
const PITCHES = { a: 440, b: 1000, c: 2500 }
const LIMITS = {
  gopCache: gopCacheLimits,
  graceMicros: 15 * SECOND,
  silentMicros: 10 * SECOND,
  headerWaitMicros: 500_000,
}
const SECONDS = 2.5

let codecs: CodecProcess
let program: CodecProcess

beforeAll(async () => {
  codecs = await readyProcess('node-av', 'audio')
  program = await readyProcess('ffmpeg', 'audio')
})

afterAll(() => {
  codecs.close()
  program.close()
})

function hum(hz: number, rate = 48_000, channels = 1): AudioFrame[] {
  const volume = 'volume=0.3'
  return aacFrames(`sine=frequency=${String(hz)}:sample_rate=${String(rate)},${volume}`, rate, channels, SECONDS)
}

async function opusOf(frames: readonly AudioFrame[]): Promise<AudioFrame[]> {
  const recipe = RECIPES.find(({ name }) => name === 'audio-to-opus')!
  const end = frames.at(-1)!.pts - 60_000
  const enough = (out: readonly MediaFrame[]) => (out.at(-1)?.pts ?? -1) > end
  return (await convertAll(codecs, orderFor(recipe, {}, frames[0]!.config), frames, enough)).filter(isAudioFrame)
}

/** Pushes frames at the time their stamps say. */
function speak(publication: Publication, frames: readonly AudioFrame[], start: number): void {
  for (const frame of frames) {
    systemClock.after(Math.max(0, start + frame.pts - systemClock.now()), () => publication.push(frame))
  }
}

test.each(['node-av', 'ffmpeg'])(
  '%s: the pitches of the others are in a mix of AAC and Opus, the own is not',
  async (engine) => {
    const sounds = { a: hum(PITCHES.a, 16_000), b: await opusOf(hum(PITCHES.b)), c: hum(PITCHES.c, 44_100, 2) }
    const hub = new StreamHub(systemClock, LIMITS)
    const mixer = new Mixer({
      hub,
      process: engine === 'ffmpeg' ? program : codecs,
      clock: systemClock,
      log: silentLog,
    })
    const heard: Record<string, MediaFrame[]> = { a: [], b: [], c: [] }
    const names = ['a', 'b', 'c'] as const
    for (const name of names) {
      mixer.open({ roomId: 'r', key: `mix-${name}`, sources: names.filter((other) => other !== name) })
      const sink = { handleFrame: (frame: MediaFrame) => void heard[name]!.push(frame), handleEnd: () => undefined }
      hub.find(`mix-${name}`, 0, (stream) => stream!.subscribe(sink, 'live'))
    }
    const start = systemClock.now() + 100_000
    for (const name of names) {
      const info = { id: name, protocol: 'rtmp', remoteAddress: '', onClose: () => undefined }
      speak(hub.open(name).publish(info)!, sounds[name], start)
    }
    await until(() => systemClock.now() > start + SECONDS * SECOND, 'the end of the tones')
    hub.close('shutdown')
    for (const name of names) {
      const frames = heard[name]!.filter(isAudioFrame)
      expect(frames[0]!.config).toMatchObject({
        codec: 'aac',
        sampleRate: 48_000,
        channels: 1,
        codecString: 'mp4a.40.2',
      })
      const steps = frames.slice(1).map((frame, index) => frame.pts - frames[index]!.pts)
      expect(steps.every((step) => Math.abs(step - 21_333) <= 1)).toBe(true)
      // The second in the middle: everybody is there.
      const middle = frames.length - Math.round((1.5 * 48_000) / 1024)
      const samples = decodeAac(frames.slice(middle, middle + 47)).subarray(2048)
      expect(rms(samples)).toBeGreaterThan(0.02)
      for (const other of names) {
        const share = toneShareByWindows(samples, PITCHES[other])
        if (other === name) expect(share).toBeLessThan(0.001)
        else expect(share).toBeGreaterThan(0.2)
      }
    }
  },
)
