/** Taps of the interpolation, half of them before the point and half after. */
const TAPS = 16
const HALF = TAPS / 2
/** Steps between two samples for which the filter is tabulated; what lies between is taken linearly. */
const PHASES = 128

/** Windowed-sinc coefficients of every phase, one row of taps each, and one row more for phase 1. */
const FILTER = buildFilter()

/** Blocks shorter than this cannot be stretched without hearing it. */
export const MIN_STRETCHABLE = 8 * TAPS

/**
 * Writes `from` (`count` samples) into `to` from `offset` on as `count + stretch` samples: the ends stay as they are,
 * the middle is read a little slower or faster. A block needs no sample of its neighbours, so blocks can be stretched
 * or not one by one. `count` is at least MIN_STRETCHABLE and `stretch` a few per mille of it.
 */
export function stretchSamples(
  from: Float32Array,
  count: number,
  stretch: number,
  to: Float32Array,
  offset: number,
): void {
  const length = count + stretch
  const last = length - HALF
  const step = (count - TAPS) / (length - TAPS)
  to.set(from.subarray(0, HALF), offset)
  for (let index = HALF; index < last; index++) {
    to[offset + index] = interpolate(from, HALF + (index - HALF) * step)
  }
  to.set(from.subarray(count - HALF, count), offset + last)
}

/** The value of the sampled signal at a place between samples; HALF samples on both sides are there. */
function interpolate(samples: Float32Array, place: number): number {
  const whole = Math.floor(place)
  const phase = (place - whole) * PHASES
  const row = Math.floor(phase)
  const weight = phase - row
  const first = row * TAPS
  const begin = whole - HALF + 1
  let lower = 0
  let upper = 0
  for (let tap = 0; tap < TAPS; tap++) {
    const sample = samples[begin + tap]!
    lower += sample * FILTER[first + tap]!
    upper += sample * FILTER[first + TAPS + tap]!
  }
  return lower + (upper - lower) * weight
}

function buildFilter(): Float64Array {
  const filter = new Float64Array((PHASES + 1) * TAPS)
  for (let phase = 0; phase <= PHASES; phase++) {
    let sum = 0
    for (let tap = 0; tap < TAPS; tap++) {
      const distance = tap - HALF + 1 - phase / PHASES
      const value = sinc(distance) * window(distance / HALF)
      filter[phase * TAPS + tap] = value
      sum += value
    }
    for (let tap = 0; tap < TAPS; tap++) filter[phase * TAPS + tap]! /= sum
  }
  return filter
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
}

/** Hann, zero at ±1. */
function window(x: number): number {
  return Math.abs(x) >= 1 ? 0 : 0.5 + 0.5 * Math.cos(Math.PI * x)
}
