/** An answer of the server takes that long at most, on any network that media could use. */
const PROBE_MS = 600

/** `failed`: there is no socket to ask by, and another one is being opened already. */
export type ProbeOutcome = 'answered' | 'silence' | 'failed'

/** Asks whether the server can still be reached, one question at a time. */
export class NetworkProbe {
  readonly #ask: () => Promise<unknown>
  #isRunning = false

  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask
  }

  /** Undefined while the question before is open. */
  async run(): Promise<ProbeOutcome | undefined> {
    if (this.#isRunning) return undefined
    this.#isRunning = true
    let timer: ReturnType<typeof setTimeout> | undefined
    const silence = new Promise<'silence'>((resolve) => (timer = setTimeout(() => resolve('silence'), PROBE_MS)))
    const answer = this.#ask().then(
      () => 'answered' as const,
      () => 'failed' as const,
    )
    const outcome = await Promise.race([answer, silence])
    clearTimeout(timer)
    this.#isRunning = false
    return outcome
  }
}
