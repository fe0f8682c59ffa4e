import { setImmediate as breathe } from 'node:timers/promises'
import { Random, mutate } from './mutator.js'

/** One parser under fuzzing: `run` throws only when an invariant is broken, whatever the input is. */
export interface FuzzTarget {
  readonly name: string
  /** Good and bad inputs to start from. */
  readonly seeds: () => readonly Uint8Array[]
  readonly run: (input: Uint8Array) => void
}

/** An input that breaks a target. */
export interface Failure {
  readonly reason: string
  readonly input: Uint8Array
  /** Which input of this seed it was; negative: one of the target's own seeds, unchanged. */
  readonly iteration: number
}

/** An input that takes longer than this, three times out of three, hangs the parser. */
const HANG_MS = 100
/** Inputs between two chances for the test runner to hear from its worker. */
const SLICE = 10_000
const MINIMISE_TRIES = 400

/** Feeds a target its seeds, then `runs` mutated inputs. Answers the first failure, made as short as a few tries allow. */
export async function fuzz(target: FuzzTarget, runs: number, seed: number): Promise<Failure | undefined> {
  // Copies: a seed may be a Buffer, whose slices share its bytes, and mutations must not change what they start from.
  const seeds = target.seeds().map((seed) => new Uint8Array(seed))
  if (seeds.length === 0) throw new Error(`The fuzz target ${target.name} has no seeds.`)
  for (const [index, input] of seeds.entries()) {
    const reason = tryInput(target, input.slice())
    if (reason !== undefined) return { reason, input, iteration: index - seeds.length }
  }
  const random = new Random(seed)
  for (let iteration = 0; iteration < runs; iteration++) {
    if (iteration % SLICE === SLICE - 1) await breathe()
    const input = mutate(seeds, random)
    const reason = tryInput(target, input)
    if (reason !== undefined) return { reason, input: minimise(target, input), iteration }
  }
  return undefined
}

/** Why this input breaks the target; undefined when it does not. The target may keep and change what it is given. */
export function tryInput(target: FuzzTarget, input: Uint8Array): string | undefined {
  try {
    if (timed(target, input) <= HANG_MS) return undefined
    // The machine may have been busy: only what is slow every time is slow.
    const tookMs = Math.min(timed(target, input), timed(target, input))
    return tookMs <= HANG_MS ? undefined : `it took ${tookMs.toFixed(0)} ms`
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

function timed(target: FuzzTarget, input: Uint8Array): number {
  const startedMs = performance.now()
  target.run(input)
  return performance.now() - startedMs
}

/** Leaves out pieces, half of it first, as long as the input still breaks the target. */
function minimise(target: FuzzTarget, input: Uint8Array): Uint8Array {
  let smallest = input
  let tries = MINIMISE_TRIES
  for (let piece = input.length >> 1; piece > 0; piece >>= 1)
    for (let at = 0; at < smallest.length && tries > 0; tries--) {
      const shorter = Uint8Array.from([...smallest.subarray(0, at), ...smallest.subarray(at + piece)])
      if (tryInput(target, shorter.slice()) === undefined) at += piece
      else smallest = shorter
    }
  return smallest
}
