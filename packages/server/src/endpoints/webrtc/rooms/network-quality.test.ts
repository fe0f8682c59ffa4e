import { expect, test } from 'vitest'
import { networkQualityOf, type PathFigures } from './network-quality.js'

const good: PathFigures = { isConnected: true, wasConnected: true, roundTrip: 20_000, lossFraction: 0, room: 1 }

test.each<[string, Partial<PathFigures>, number]>([
  ['nothing was ever connected', { isConnected: false, wasConnected: false }, 0],
  ['all is well', {}, 1],
  ['nothing is measured yet', { roundTrip: undefined }, 1],
  ['a little loss', { lossFraction: 0.02 }, 2],
  ['another continent', { roundTrip: 180_000 }, 2],
  ['loss that is repaired late', { lossFraction: 0.07 }, 3],
  ['a satellite', { roundTrip: 700_000 }, 4],
  ['two thirds fit', { room: 0.67 }, 4],
  ['a third fits', { room: 0.33 }, 5],
  ['half is lost', { lossFraction: 0.5 }, 5],
  ['the connection is lost', { isConnected: false }, 6],
])('%s', (_, figures, quality) => {
  expect(networkQualityOf({ ...good, ...figures })).toBe(quality)
})
