import { PROTOCOLS, type Failure, type Preference, type Protocol } from './source.js'

/** A way that was tried and why it did not work. */
export interface Setback {
  readonly protocol: Protocol
  readonly failure: Failure
}

/** What to do after a source failed. */
export type Step =
  | { readonly kind: 'next'; readonly protocol: Protocol }
  /** Start again from the first way after `ms`. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** Trying again would not help. */
  | { readonly kind: 'stop' }

/** A source that played for so long was a good choice: what broke it is not a reason to choose another one. */
const GOOD_AFTER_MS = 10_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 8_000

/** The ways to try, in order. */
export function planFor(preference: Preference): readonly Protocol[] {
  return preference === 'auto' ? PROTOCOLS : [preference]
}

/** Milliseconds before attempt `round` (0 is the first one after a failure). */
export function backOffMs(round: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(round, 10))
}

/** Decides from all setbacks since the plan started; the last one is the newest. */
export function decide(plan: readonly Protocol[], setbacks: readonly Setback[], playedMs: number, round: number): Step {
  const last = setbacks.at(-1)
  if (last === undefined) return { kind: 'next', protocol: plan[0]! }
  const { reason } = last.failure
  if (reason === 'refused') return { kind: 'stop' }
  if (reason === 'not-found' || reason === 'ended') return { kind: 'wait', ms: backOffMs(round) }
  if (playedMs >= GOOD_AFTER_MS) return { kind: 'wait', ms: backOffMs(round) }
  const protocol = plan[plan.indexOf(last.protocol) + 1]
  if (protocol !== undefined) return { kind: 'next', protocol }
  return setbacks.every(({ failure }) => isLasting(failure)) ? { kind: 'stop' } : { kind: 'wait', ms: backOffMs(round) }
}

function isLasting({ reason }: Failure): boolean {
  return reason === 'codec' || reason === 'unsupported' || reason === 'unavailable'
}
