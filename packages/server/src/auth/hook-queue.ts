import { hookLimits } from '../config/index.js'
import type { Log } from '../observe/index.js'
import { sendHook } from './hook-request.js'
import type { HookPost } from './hook-request.js'
import type { Ring } from './ring.js'
import type { After } from './slots.js'

/** Dependencies of a {@link HookQueue}. */
export interface HookQueueDeps {
  readonly log: Log
  /** Wall clock in milliseconds: it is signed. */
  readonly nowMs: () => number
  readonly clock: { listened(): number; readonly after: After }
}

/** Delivers notifications one after another, in order, with longer and longer waits while the receiver is down. */
export class HookQueue {
  readonly #secrets: () => Ring
  readonly #deps: HookQueueDeps
  readonly #posts: HookPost[] = []
  #running: Promise<void> | undefined
  #wake: (() => void) | undefined
  #closesAtMs: number | undefined
  #lost = 0

  constructor(secrets: () => Ring, deps: HookQueueDeps) {
    this.#secrets = secrets
    this.#deps = deps
  }

  /** Notifications that will not be delivered. */
  get lost(): number {
    return this.#lost
  }

  /** Puts one at the end; when 1000 wait, the oldest goes. */
  push(post: HookPost): void {
    if (this.#posts.length >= hookLimits.queued) {
      this.#posts.shift()
      this.#lose('too many waited')
    }
    this.#posts.push(post)
    this.#running ??= this.#run()
  }

  /** One more round without pauses between attempts, for at most 3 s; notifications still waiting then are lost. */
  async close(): Promise<void> {
    this.#closesAtMs ??= this.#listenedMs + hookLimits.timeoutMs
    this.#wake?.()
    await this.#running
  }

  async #run(): Promise<void> {
    let retryMs: number = hookLimits.retryFirstMs
    for (let post = this.#posts[0]; post !== undefined; post = this.#posts[0]) {
      const status = await this.#send(post)
      if (isFinal(status)) {
        // While it was on its way the queue may have overflowed and lost it already.
        if (this.#posts[0] === post) this.#posts.shift()
        if (status >= 400) this.#lose(`the receiver answered ${String(status)}`)
        retryMs = hookLimits.retryFirstMs
      } else if (this.#closesAtMs === undefined) {
        await this.#sleep(retryMs)
        retryMs = Math.min(retryMs * 2, hookLimits.retryMaxMs)
      } else {
        for (; this.#posts.length > 0; this.#posts.shift()) this.#lose('the server is going down')
      }
    }
    this.#running = undefined
  }

  get #listenedMs(): number {
    return this.#deps.clock.listened() / 1000
  }

  async #send(post: HookPost): Promise<number> {
    const leftMs = this.#closesAtMs === undefined ? hookLimits.timeoutMs : this.#closesAtMs - this.#listenedMs
    if (leftMs <= 0) return 0
    const { clock, nowMs } = this.#deps
    const timeout = { ms: Math.ceil(leftMs), after: clock.after.bind(clock) }
    const reply = await sendHook(post, this.#secrets(), nowMs() / 1000, timeout)
    if (!isFinal(reply.status))
      this.#deps.log.warn(
        { status: reply.status, why: reply.text },
        'A notification was not accepted and will be retried',
      )
    return reply.status
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #lose(why: string): void {
    this.#lost++
    this.#deps.log.warn({ why }, 'A notification is lost')
  }
}

/** Taken, or rejected in a way that another try will not change. */
function isFinal(status: number): boolean {
  if (status >= 200 && status < 300) return true
  return status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429
}
