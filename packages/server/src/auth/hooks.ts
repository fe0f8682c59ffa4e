import { addressGroup, type Config, hookLimits } from '../config/index.js'
import type { Log } from '../observe/index.js'
import type { StreamEndReason, StreamRequest } from './gate.js'
import { sendHook } from './hook-request.js'
import type { HookReply } from './hook-request.js'
import { HookQueue } from './hook-queue.js'
import type { Ring } from './ring.js'
import type { Secrets } from './secrets.js'
import { Slots, type After } from './slots.js'

/** URLs of the operator's hooks. Without a hook the action is allowed. */
export interface HookOptions {
  readonly onPublish?: string | undefined
  readonly onPlay?: string | undefined
  readonly onUnpublish?: string | undefined
  readonly onRecord?: string | undefined
  /** Sign requests; without any they carry no signature. */
  readonly secrets: () => Ring
}

/** Dependencies of hooks. */
export interface HookDeps {
  readonly log: Log
  /** Wall clock in milliseconds: it is signed. */
  readonly nowMs: () => number
  /** Time in which this process listened, in microseconds, and timers in it. */
  readonly clock: { listened(): number; readonly after: After }
  /** A new id for a request; never the same twice. */
  readonly newId: () => string
}

/** The answer of a hook. `refused`: it refused; otherwise it failed to answer, which counts as a refusal. */
export type HookAnswer =
  | { readonly allowed: true; readonly subject?: string | undefined; readonly isRecorded?: true | undefined }
  | { readonly allowed: false; readonly refused: boolean; readonly sentence: string }

/** How a publish came to its end, for `on_unpublish`. */
export interface PublishEnd {
  readonly reason: StreamEndReason
  readonly durationMs: number
  readonly subject: string | undefined
}

/** The hooks that the configuration names; undefined when it names none. */
export function hooksOf(config: Config, secrets: Secrets, deps: HookDeps): Hooks | undefined {
  const { onPublish, onPlay, onUnpublish, onRecord } = config
  if ([onPublish, onPlay, onUnpublish, onRecord].every((url) => url === undefined)) return undefined
  return new Hooks({ onPublish, onPlay, onUnpublish, onRecord, secrets: () => secrets.hooks }, deps)
}

/** The operator's HTTP hooks: `on_publish` and `on_play` decide and fail closed, `on_unpublish` and `on_record` are notified. */
export class Hooks {
  readonly #options: HookOptions
  readonly #deps: HookDeps
  readonly #slots: Slots
  readonly #queue: HookQueue

  constructor(options: HookOptions, deps: HookDeps) {
    this.#options = options
    this.#deps = deps
    this.#slots = new Slots(hookLimits.inFlight, hookLimits.queued, (delay, callback) =>
      deps.clock.after(delay, callback),
    )
    this.#queue = new HookQueue(options.secrets, deps)
  }

  /** Notifications lost because too many waited, or because the receiver rejected them. */
  get lost(): number {
    return this.#queue.lost
  }

  /** Asks the hook of this action; undefined when there is none. Answers within 3 s, whatever the other side does. */
  async ask(request: StreamRequest, subject: string | undefined): Promise<HookAnswer | undefined> {
    const url = request.action === 'publish' ? this.#options.onPublish : this.#options.onPlay
    if (url === undefined) return undefined
    const event = request.action === 'publish' ? 'on_publish' : 'on_play'
    const { clock, newId, nowMs } = this.#deps
    const from = clock.listened()
    const give = await this.#slots.take(hookLimits.timeoutMs, addressGroup(request.remoteAddress))
    const leftMs = Math.ceil(hookLimits.timeoutMs - (clock.listened() - from) / 1000)
    if (give === undefined || leftMs <= 0) {
      give?.()
      return this.#failed(event, request, { status: 0, text: 'too many requests wait for it' })
    }
    const post = { url, id: newId(), body: JSON.stringify(describe(event, request, subject)) }
    const reply = await sendHook(post, this.#options.secrets(), nowMs() / 1000, {
      ms: leftMs,
      after: clock.after.bind(clock),
    })
    give()
    if (reply.status >= 200 && reply.status < 300) return readVerdict(reply.text)
    if (reply.status >= 400 && reply.status < 500) {
      const verdict = readVerdict(reply.text)
      return verdict.allowed ? { allowed: false, refused: true, sentence: refusalSentence(undefined) } : verdict
    }
    return this.#failed(event, request, reply)
  }

  /** Tells `on_unpublish`, in order, tried again until it is taken. */
  unpublished(request: StreamRequest, end: PublishEnd): void {
    const url = this.#options.onUnpublish
    if (url === undefined) return
    const { reason, durationMs } = end
    const body = { ...describe('on_unpublish', request, end.subject), reason, durationMs }
    this.#queue.push({ url, id: this.#deps.newId(), body: JSON.stringify(body) })
  }

  /** Tells `on_record` what became of a recording, in order, tried again until it is taken. */
  recorded(event: Readonly<Record<string, unknown>>): void {
    const url = this.#options.onRecord
    if (url !== undefined) this.#queue.push({ url, id: this.#deps.newId(), body: JSON.stringify(event) })
  }

  /** Makes one last attempt to deliver waiting notifications, for at most 3 s. Idempotent. */
  close(): Promise<void> {
    return this.#queue.close()
  }

  #failed(event: string, request: StreamRequest, reply: HookReply): HookAnswer {
    const why = reply.status === 0 ? reply.text : `it answered ${String(reply.status)}`
    this.#deps.log.warn(
      { event, app: request.app, stream: request.stream, why },
      'A hook failed, so the request was refused',
    )
    return {
      allowed: false,
      refused: false,
      sentence: 'The hook that decides about this stream cannot be reached.',
    }
  }
}

function describe(event: string, request: StreamRequest, subject: string | undefined): Record<string, unknown> {
  const { action, protocol, app, stream, remoteAddress, connectionId } = request
  return {
    ...{ event, action, protocol, app, stream, remoteAddress, connectionId, subject },
    query: Object.fromEntries(request.query),
    ...(request.bearer === undefined ? {} : { bearer: request.bearer }),
  }
}

/**
 * A 2xx answer allows, unless its body refuses: `{"allow": false, "reason"?}`, or a code other than 0, as SRS hooks
 * answer (`1` or `{"code": 1}`). `{"subject": "…"}` names the publisher that may take the stream over, `{"record": true}` has
 * what it publishes recorded.
 */
function readVerdict(text: string): HookAnswer {
  const body = parseJson(text)
  if (typeof body === 'number' && body !== 0)
    return { allowed: false, refused: true, sentence: refusalSentence(undefined) }
  if (typeof body !== 'object' || body === null) return { allowed: true }
  const { allow, code, reason, subject, record } = body as Record<string, unknown>
  if (allow === false || (typeof code === 'number' && code !== 0))
    return { allowed: false, refused: true, sentence: refusalSentence(reason) }
  return {
    allowed: true,
    ...(typeof subject === 'string' &&
      subject !== '' && { subject: `hook:${subject.slice(0, hookLimits.reasonChars)}` }),
    ...(record === true && { isRecorded: true }),
  }
}

function refusalSentence(reason: unknown): string {
  return typeof reason === 'string' && reason !== ''
    ? reason.slice(0, hookLimits.reasonChars)
    : 'The hook that decides about this stream refused it.'
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
