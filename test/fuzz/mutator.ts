/** Inputs stay below this: parsers have limits of their own, and the fuzzer is there to try many inputs, not large ones. */
const MAX_BYTES = 8192
const MAX_STEPS = 6

/** Numbers at which parsers go wrong, for fields of one to four bytes. */
const EDGES: readonly number[] = [
  ...[0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xfe, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x1_0000],
  ...[0x7f_ffff, 0xff_fffe, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff],
]

const bytesOf = (...values: number[]): Uint8Array => Uint8Array.from(values)
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff)

/** Pieces that mean something to the parsers of this project; chance would not find them. */
const DICTIONARY: readonly Uint8Array[] = [
  // AMF0: number, strings, object, ECMA array, strict array, long string, object end.
  ...[
    bytesOf(0, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0),
    bytesOf(2, 0, 0),
    bytesOf(3),
    bytesOf(5),
    bytesOf(8, 0xff, 0xff, 0xff, 0xff),
  ],
  ...[bytesOf(0x0a, 0xff, 0xff, 0xff, 0xff), bytesOf(0x0c, 0, 0, 0, 4), bytesOf(0, 0, 9), ascii('\0\x09__proto__')],
  // RTMP commands.
  ...['connect', 'createStream', 'publish', 'play', 'onMetaData', '@setDataFrame', 'deleteStream'].map(ascii),
  // FLV, Enhanced FLV, start codes and parameter sets of H.264.
  ...[
    ascii('FLV\x01\x05\0\0\0\x09'),
    ascii('hvc1'),
    ascii('av01'),
    ascii('Opus'),
    bytesOf(0, 0, 1),
    bytesOf(0, 0, 0, 1),
  ],
  ...[
    bytesOf(0, 0, 3),
    bytesOf(0x67, 0x64, 0, 0x1f),
    bytesOf(0x68),
    bytesOf(0x65),
    bytesOf(0x17, 0, 0, 0, 0),
    bytesOf(0xaf, 0),
  ],
  // STUN and RTP.
  ...[bytesOf(0x21, 0x12, 0xa4, 0x42), bytesOf(0, 6, 0, 9), bytesOf(0, 8, 0, 20), bytesOf(0x80, 0x28, 0, 4)],
  ...[
    bytesOf(0x80, 0x60),
    bytesOf(0x90, 0xe0),
    bytesOf(0xbe, 0xde, 0, 1),
    bytesOf(0x81, 0xcd),
    bytesOf(0x78),
    bytesOf(0x7c, 0x85),
  ],
  // SDP.
  ...['\r\n', 'v=0\r\n', 'm=video 9 UDP/TLS/RTP/SAVPF 96\r\n', 'a=rtpmap:96 H264/90000\r\n', 'a=fmtp:', 'a=mid:'].map(
    ascii,
  ),
  ...['a=fingerprint:sha-256 ', 'a=ice-ufrag:', 'a=group:BUNDLE 0', 'a=candidate:', '4294967296', '-1', '1e999'].map(
    ascii,
  ),
]

/** Pseudo-random numbers from a 32-bit seed: the same seed, the same inputs, on every machine (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from 0 to `limit` - 1; 0 when `limit` is less than 1. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return limit < 1 ? 0 : ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }
}

type Mutation = (input: Uint8Array, random: Random, seeds: readonly Uint8Array[]) => Uint8Array

const flipBit: Mutation = (input, random) => {
  if (input.length > 0) input[random.below(input.length)]! ^= 1 << random.below(8)
  return input
}

const setByte: Mutation = (input, random) => {
  if (input.length > 0)
    input[random.below(input.length)] = random.below(3) === 0 ? random.pick(EDGES) : random.below(256)
  return input
}

const fillRun: Mutation = (input, random) => {
  const start = random.below(input.length)
  return input.fill(random.pick([0, 0xff, 0x5b, random.below(256)]), start, start + 1 + random.below(32))
}

const truncate: Mutation = (input, random) => input.slice(0, random.below(input.length))

const removeRun: Mutation = (input, random) => {
  const start = random.below(input.length)
  return joined(input.subarray(0, start), input.subarray(start + 1 + random.below(16)))
}

const repeatRun: Mutation = (input, random) => {
  const start = random.below(input.length)
  const end = Math.min(input.length, start + 1 + random.below(64))
  return joined(input.subarray(0, end), input.subarray(start))
}

const insertToken: Mutation = (input, random) => {
  const at = random.below(input.length + 1)
  return joined(input.subarray(0, at), random.pick(DICTIONARY), input.subarray(at))
}

const overwriteToken: Mutation = (input, random) => {
  const token = random.pick(DICTIONARY)
  if (token.length <= input.length) input.set(token, random.below(input.length - token.length + 1))
  return input
}

const splice: Mutation = (input, random, seeds) => {
  const other = random.pick(seeds)
  return joined(input.subarray(0, random.below(input.length + 1)), other.subarray(random.below(other.length + 1)))
}

/** A field of one to four bytes becomes an edge, what is left behind it, or a little more or less than it was. */
const tweakLength: Mutation = (input, random) => {
  const width = 1 + random.below(4)
  if (input.length < width) return input
  const at = random.below(input.length - width + 1)
  const littleEndian = random.below(4) === 0
  const index = (i: number): number => at + (littleEndian ? i : width - 1 - i)
  let value = 0
  for (let i = 0; i < width; i++) value += input[index(i)]! * 2 ** (8 * i)
  const left = input.length - at - width
  value = random.pick([random.pick(EDGES), left, left - 1, left + 1, value + 1, value - 1, value * 2])
  for (let i = 0; i < width; i++) input[index(i)] = Math.floor(value / 2 ** (8 * i)) & 0xff
  return input
}

const MUTATIONS: readonly Mutation[] = [
  ...[flipBit, flipBit, setByte, setByte, fillRun, truncate, removeRun, repeatRun, insertToken, overwriteToken, splice],
  ...[tweakLength, tweakLength, tweakLength],
]

/** A new input from one of the seeds, one to six steps away from it. Neither the seeds nor earlier results are touched. */
export function mutate(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  let input: Uint8Array = random.pick(seeds).slice()
  for (let steps = 1 + random.below(MAX_STEPS); steps > 0; steps--) input = random.pick(MUTATIONS)(input, random, seeds)
  return input.length > MAX_BYTES ? input.slice(0, MAX_BYTES) : input
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}
