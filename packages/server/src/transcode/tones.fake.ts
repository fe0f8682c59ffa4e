/** Power of one frequency against all power, 0 … 1, by Goertzel's algorithm. */
export function toneShare(samples: Float32Array, hz: number, rate = 48_000): number {
  const factor = 2 * Math.cos((2 * Math.PI * hz) / rate)
  let [last, beforeLast, energy] = [0, 0, 0]
  for (const sample of samples) {
    ;[last, beforeLast] = [sample + factor * last - beforeLast, last]
    energy += sample * sample
  }
  const power = last * last + beforeLast * beforeLast - factor * last * beforeLast
  return energy === 0 ? 0 : (2 * power) / (energy * samples.length)
}

export function rms(samples: Float32Array): number {
  let sum = 0
  for (const sample of samples) sum += sample * sample
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length)
}

/** The same over windows of 0.1 s: a clock that is followed moves the phase of a tone over a second. */
export function toneShareByWindows(samples: Float32Array, hz: number): number {
  const window = 4800
  const windows = Math.floor(samples.length / window)
  let sum = 0
  for (let index = 0; index < windows; index++) {
    sum += toneShare(samples.subarray(index * window, (index + 1) * window), hz)
  }
  return sum / windows
}
