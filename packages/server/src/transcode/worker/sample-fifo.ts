/** Samples on their way from blocks of one size to frames of another; one row of floats per channel. */
export class SampleFifo {
  readonly channels: number
  #planes: Float32Array[]
  #start = 0
  #end = 0

  constructor(channels: number) {
    this.channels = channels
    this.#planes = Array.from({ length: channels }, () => new Float32Array(8192))
  }

  get length(): number {
    return this.#end - this.#start
  }

  pushSilence(count: number): void {
    const offset = this.reserve(count)
    for (const plane of this.#planes) plane.fill(0, offset, offset + count)
  }

  /** Makes room for `count` samples more, which count as pushed; where they are to be written in `plane(channel)`. */
  reserve(count: number): number {
    const { length } = this
    const size = this.#planes[0]!.length
    if (this.#end + count > size) {
      const needed = length + count
      const bigger = needed > size ? Math.max(needed, 2 * size) : size
      this.#planes = this.#planes.map((plane) => {
        const target = bigger === size ? plane : new Float32Array(bigger)
        target.set(plane.subarray(this.#start, this.#end))
        return target
      })
      this.#start = 0
      this.#end = length
    }
    const offset = this.#end
    this.#end += count
    return offset
  }

  plane(channel: number): Float32Array {
    return this.#planes[channel]!
  }

  /** Where the oldest sample stands in `plane(channel)`. */
  get offset(): number {
    return this.#start
  }

  /** Forgets the oldest samples. */
  drop(count: number): void {
    this.#start = Math.min(this.#end, this.#start + count)
  }
}
