import type { TrackKind } from '@crossroom/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ReceivedTrack } from './downlink.js'
import { TakeOver } from './take-over.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

class Track extends EventTarget {
  muted = true

  play(): void {
    this.muted = false
    this.dispatchEvent(new Event('unmute'))
  }
}

function received(userId: string, kind: TrackKind): ReceivedTrack & { readonly track: Track } {
  return { userId, kind, streamType: 'main', mid: '0', track: new Track() } as never
}

function stage(shown: readonly ReceivedTrack[]) {
  const stage = { shows: [] as (readonly ReceivedTrack[])[], done: 0 }
  const takeOver = new TakeOver({ shown, show: (tracks) => stage.shows.push(tracks), done: () => stage.done++ })
  return { takeOver, stage, last: () => new Set(stage.shows.at(-1)) }
}

test('each track replaces its predecessor when it plays; then the former connections go', () => {
  const old = [received('bob', 'video'), received('bob', 'audio')]
  const { takeOver, stage: seen, last } = stage(old)
  const [picture, sound] = [received('bob', 'video'), received('bob', 'audio')]
  takeOver.setTracks([picture, sound])
  expect(last()).toEqual(new Set(old))
  sound.track.play()
  expect(last()).toEqual(new Set([old[0], sound]))
  expect(seen.done).toBe(0)
  picture.track.play()
  expect(last()).toEqual(new Set([picture, sound]))
  expect(seen.done).toBe(1)
  vi.advanceTimersByTime(20_000)
  expect(seen.done).toBe(1)
})

test('who came meanwhile is shown at once', () => {
  const old = [received('bob', 'video')]
  const { takeOver, last } = stage(old)
  const [picture, carol] = [received('bob', 'video'), received('carol', 'video')]
  takeOver.setTracks([carol])
  expect(last()).toEqual(new Set([...old, carol]))
  takeOver.setTracks([carol, picture])
  expect(last()).toEqual(new Set([...old, carol]))
  expect(takeOver.isOver).toBe(false)
})

test('connections that never play are waited for no longer than 10 s', () => {
  const { takeOver, stage: seen, last } = stage([received('bob', 'video')])
  const picture = received('bob', 'video')
  takeOver.setTracks([picture])
  vi.advanceTimersByTime(9_999)
  expect(seen.done).toBe(0)
  vi.advanceTimersByTime(1)
  expect(seen.done).toBe(1)
  expect(last()).toEqual(new Set([picture]))
})

test('a stay that ends shows nothing any more', () => {
  const { takeOver, stage: seen } = stage([received('bob', 'video')])
  const picture = received('bob', 'video')
  takeOver.setTracks([picture])
  const { length } = seen.shows
  takeOver.close()
  picture.track.play()
  vi.advanceTimersByTime(20_000)
  expect(seen.shows).toHaveLength(length)
  expect(seen.done).toBe(1)
})
