import { setTimeout as wait } from 'node:timers/promises'

/** How long and how often `until` looks. */
export interface UntilOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number
  /** Default 50 ms. */
  readonly everyMs?: number
  /** Added to the error when the time is up, for example what a process said. */
  readonly explain?: () => string
}

/**
 * Looks again and again until `look` returns something other than `undefined` or `false`, and returns that. Throws with
 * the name of what was waited for when the time is up. Tests wait for conditions with it, never for time to pass.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  options: UntilOptions = {},
): Promise<T> {
  const { timeoutMs = 10_000, everyMs = 50, explain } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > deadline) {
      const more = explain === undefined ? '' : `\n${explain()}`
      throw new Error(`Waited ${String(timeoutMs)} ms in vain: ${what}${more}`)
    }
    await wait(everyMs)
  }
}
