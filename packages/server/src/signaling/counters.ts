/** The counters of signaling, read at a scrape. */
export class SignalingCounters {
  messagesIn = 0
  messagesOut = 0
  /** Entries and resumptions. */
  entries = 0
  /** Error code to how often; the codes are those of the protocol's table. */
  readonly refusals = new Map<string, number>()

  refused(code: string): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1)
  }
}
