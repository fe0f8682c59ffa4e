import { expect, test } from 'vitest'
import { KeyframeRequest } from './keyframe-request.js'

/** When requests leave, asked every millisecond from `from` to `to`. */
function requests(request: KeyframeRequest, from: number, to: number, each: (now: number) => void = () => undefined) {
  const times: number[] = []
  for (let now = from; now < to; now += 1000) {
    each(now)
    if (request.take(now)) times.push(now)
  }
  return times
}

test('a stream that begins has 300 ms to show its keyframe', () => {
  const request = new KeyframeRequest()
  request.needForLoss(0, true)
  expect(requests(request, 0, 900_000)).toEqual([300_000, 800_000])
  request.onKeyframe()
  expect(requests(request, 900_000, 2_000_000)).toEqual([])
})

test('a stream whose first keyframe is lost asks as soon as that is known', () => {
  const request = new KeyframeRequest()
  request.needForLoss(0, true)
  request.needForLoss(60_000, false)
  request.needForLoss(80_000, false)
  expect(requests(request, 0, 500_000)).toEqual([60_000])
})

test('a loss asks at once and every half second until the keyframe comes', () => {
  const request = new KeyframeRequest()
  request.onKeyframe()
  request.needForLoss(1_000_000, true)
  expect(requests(request, 1_000_000, 2_200_000)).toEqual([1_000_000, 1_500_000, 2_000_000])
})

test('W8: a thousand viewers with a hundred requests a second each make one a second', () => {
  const request = new KeyframeRequest()
  request.onKeyframe()
  const times = requests(request, 0, 10_000_000, (now) => {
    for (let viewer = 0; viewer < 100; viewer++) request.needForViewer(now)
    if (now % 40_000 === 0) request.onKeyframe()
  })
  expect(times.length).toBeLessThanOrEqual(10)
  expect(times.length).toBeGreaterThanOrEqual(9)
})

test('requests on a lost path are repeated immediately on the new one', () => {
  const request = new KeyframeRequest()
  request.onKeyframe()
  request.needForViewer(1_000_000)
  expect(requests(request, 1_000_000, 1_200_000)).toEqual([1_000_000])
  request.pathChanged()
  expect(requests(request, 1_200_000, 2_300_000)).toEqual([1_200_000, 2_200_000])
  request.onKeyframe()
  request.pathChanged()
  expect(requests(request, 2_300_000, 4_000_000)).toEqual([])
})
