import { expect, test } from 'vitest'
import { videoProfiles } from '../profiles.js'
import { cameraLayers, screenLayers } from './encodings.js'

test.each([
  ['1080p', 1920],
  ['720p', 1280],
  ['480p', 640],
  ['360p', 640],
  ['180p', 320],
] as const)('the lower layer of %s is at most 320 wide, and smaller than the upper one', (name, width) => {
  const [low, high] = cameraLayers(videoProfiles[name], width)
  expect(width / low!.scaleResolutionDownBy!).toBeLessThanOrEqual(320)
  expect(low!.scaleResolutionDownBy).toBeGreaterThanOrEqual(2)
  expect(low!.maxBitrate).toBeLessThan(high!.maxBitrate)
  expect(high).toMatchObject({ rid: 'h', scaleResolutionDownBy: 1, maxBitrate: videoProfiles[name].bitrate * 1000 })
})

test('a screen has one layer', () => {
  expect(screenLayers(videoProfiles['1080p'])).toEqual([{ maxBitrate: 3_000_000, maxFramerate: 30 }])
})
