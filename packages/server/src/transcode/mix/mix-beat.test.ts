import type { MediaFrame } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { silentLog } from '../../observe/log.js'
import type { Channel, ChannelHandler, ChannelOrder } from '../channel.js'
import type { CodecProcess } from '../codec-process.js'
import { sound } from '../codecs.fake.js'
import { MixBeat } from './mix-beat.js'

const BEAT = (1024 * 1_000_000) / 48_000

/** A beat whose codec process writes down what it is sent: the times of the mixes, and the stamps of frames before them. */
function rig() {
  const clock = new VirtualClock(1_000_000)
  const sent: { at: number; frames: number[] }[] = []
  let frames: number[] = []
  let handler: ChannelHandler | undefined
  const channel: Channel = {
    send: (frame: MediaFrame) => frames.push(frame.pts) > 0,
    advance: (at) => {
      sent.push({ at, frames })
      frames = []
    },
    requestKeyframe: () => undefined,
    update: () => undefined,
    close: () => undefined,
  }
  const opened: ChannelOrder[] = []
  const process = {
    open: (order: ChannelOrder, by: ChannelHandler) => {
      opened.push(order)
      handler = by
      return channel
    },
    together: (work: () => void) => work(),
  } as unknown as CodecProcess
  const beat = new MixBeat({ room: 7, process, clock, log: silentLog })
  return { clock, sent, opened, beat, channel, fail: () => handler?.handleFailed('told to fail') }
}

/** Where in the beat that it began with a mix is. */
const phaseOf = (at: number) => (at - 1_000_000) % BEAT

test('sound is held until the next mix, and the mixes follow each other by one frame of 1024 samples', () => {
  const { clock, sent, opened, beat, channel } = rig()
  beat.hold(channel, sound(1))
  beat.hold(channel, sound(2))
  clock.advance(1000)
  expect(sent).toEqual([])
  clock.advance(21_000)
  beat.hold(channel, sound(3))
  clock.advance(60_000_000)
  expect(opened).toEqual([{ kind: 'mix-room', room: 7 }])
  expect(sent.slice(0, 2).map(({ frames }) => frames)).toEqual([[1, 2], [3]])
  expect(sent.length).toBe(Math.floor(60_022_000 / BEAT))
  expect(sent.at(-1)!.at).toBeCloseTo(1_000_000 + sent.length * BEAT, 0)
})

test('a server that was held up first takes what came meanwhile, then mixes what was missed', () => {
  const { clock, sent, beat, channel } = rig()
  const before = sent.length
  // The clock jumps as for a busy event loop: its timers are late, and what the sockets hold is read between them.
  clock.after(21_333, () => {
    const late = clock.now() + 100_000
    clock.now = () => late
  })
  clock.after(BEAT, () => beat.hold(channel, sound(1)))
  clock.advance(21_340)
  expect(sent.slice(before).map(({ frames }) => frames)).toEqual([[1], [], [], [], []])
})

test('audio without listeners is not mixed', () => {
  const { clock, sent } = rig()
  clock.after(21_333, () => {
    const late = clock.now() + 10_000_000
    clock.now = () => late
  })
  clock.advance(21_340)
  expect(sent.length).toBe(1)
})

test.each([0, 3000, 9000, 15_000, 21_000])(
  'the beat goes to 5 ms after the sound that leads, from %i us before it',
  (from) => {
    const { clock, sent, beat } = rig()
    for (let frame = 0; frame < 1200; frame++) {
      clock.advance(BEAT)
      // Sound that comes at the same place of every frame, now and then after a stall.
      const last = sent.at(-1)?.at ?? 0
      if (last > 0) beat.follow(last - ((phaseOf(last) + from) % BEAT) - (frame % 3) * 10 * BEAT)
    }
    const waited = (phaseOf(sent.at(-1)!.at) + from) % BEAT
    expect(waited).toBeGreaterThan(4700)
    expect(waited).toBeLessThan(5300)
    const steps = sent.slice(1).map(({ at }, index) => at - sent[index]!.at)
    expect(Math.max(...steps)).toBeLessThan(BEAT + 101)
    expect(Math.min(...steps)).toBeGreaterThan(BEAT - 11)
  },
)

test('however often another sound leads, the beat is never off by more than one', () => {
  const { clock, sent, beat } = rig()
  for (let frame = 0; frame < 20_000; frame++) {
    clock.advance(BEAT)
    const last = sent.at(-1)?.at ?? 0
    // Always a little less than half a beat away, as if somebody wanted to push it on.
    if (last > 0 && frame % 500 < 250) beat.follow(last - BEAT / 2 - 6000)
  }
  const off = sent.at(-1)!.at - 1_000_000 - sent.length * BEAT
  expect(Math.abs(off)).toBeLessThanOrEqual(BEAT + 100)
})

test('the beat stays while no leading sound comes', () => {
  const { clock, sent, beat } = rig()
  for (let frame = 0; frame < 50; frame++) {
    clock.advance(BEAT)
    beat.follow(0)
  }
  expect(sent.at(-1)!.at).toBeCloseTo(1_000_000 + sent.length * BEAT, 0)
})

test('a room whose mixes failed is opened again a second later, and not after it was closed', () => {
  const { clock, opened, beat, fail } = rig()
  fail()
  expect(opened.length).toBe(1)
  clock.advance(1_000_000)
  expect(opened.length).toBe(2)
  fail()
  beat.close()
  beat.close()
  clock.advance(2_000_000)
  expect(opened.length).toBe(2)
  expect(clock.pending).toBe(0)
})
