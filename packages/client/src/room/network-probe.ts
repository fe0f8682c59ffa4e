/** An answer of the server takes that long at most, on any network that media could use. */
const PROBE_MS = 600

/** `failed`: there is no socket to ask by, and another one is being opened already. */
export type ProbeOutcome = 'answered' | 'silence' | 'failed'

/** Asks whether the server can still be reached, one question at a time. */
export class NetworkProbe {
  readonly #ask: () => Promise<unknown>
  #running: Promise<ProbeOutcome> | undefined

  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask
  }

  /** The outcome of the question that is open already, or of a new one. */
  run(): Promise<ProbeOutcome> {
    this.#running ??= this.#wait().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #wait(): Promise<ProbeOutcome> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const silence = new Promise<'silence'>((resolve) => (timer = setTimeout(() => resolve('silence'), PROBE_MS)))
    const answer = this.#ask().then(
      () => 'answered' as const,
      () => 'failed' as const,
    )
    const outcome = await Promise.race([answer, silence])
    clearTimeout(timer)
    return outcome
  }
}
