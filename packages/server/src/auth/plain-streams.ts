import { createHash } from 'node:crypto'
import { StreamKey } from '../hub/index.js'
import type { Audit } from '../observe/index.js'
import type { FailureGuard } from './failure-guard.js'
import type { Admission, Grant, Refusal, RefusalCode, StreamEndReason, StreamGate, StreamRequest } from './gate.js'
import type { Hooks } from './hooks.js'
import { refuseName } from './names.js'
import { firstVerdict } from './ring.js'
import type { Secrets } from './secrets.js'
import { verifyStreamToken } from './stream-token.js'
import type { TokenVerdict } from './stream-token.js'
import { verifyTxSecret } from './tx-secret.js'

/** The app that `--demo` opens for publishers. */
const DEMO_APP = 'live'

/** The operator's options for plain streams. */
export interface PlainStreamOptions {
  readonly publish: 'open' | 'token'
  readonly play: 'open' | 'token'
  /** Whether anyone may publish `live/…`: with `--demo`. */
  readonly demo?: boolean | undefined
  /** First path segments of the protocols' routes; absent: none. */
  readonly reservedApps?: readonly string[] | undefined
}

/** Dependencies of the gate. */
export interface PlainStreamDeps {
  /** Wall clock in milliseconds: tokens carry unix time. */
  readonly nowMs: () => number
  readonly guard: FailureGuard
  /** Keys of tokens and of txSecret. */
  readonly secrets: Pick<Secrets, 'secret' | 'txPublish' | 'txPlay'>
  readonly audit: Audit
  /** Absent when the operator configured none. */
  readonly hooks?: Hooks | undefined
}

type Credential =
  | { readonly verdict: 'none' | TokenVerdict; readonly subject?: undefined }
  | { readonly verdict: 'valid'; readonly subject: string }

/** The gate of `APP/STREAM` outside rooms: names, then token or open mode, then the operator's hooks. */
export class PlainStreams implements StreamGate {
  readonly #options: PlainStreamOptions
  readonly #deps: PlainStreamDeps

  constructor(options: PlainStreamOptions, deps: PlainStreamDeps) {
    this.#options = options
    this.#deps = deps
  }

  async admit(request: StreamRequest): Promise<Admission> {
    const badName = refuseName(request.app, request.stream, this.#options.reservedApps ?? [])
    if (badName !== undefined) return badName
    const admission = await this.#decide(request)
    return admission.ok ? admission : { ...admission, loggedName: nameOf(request) }
  }

  async #decide(request: StreamRequest): Promise<Admission> {
    const credential = await this.#checkCredential(request)
    if ('code' in credential) return credential
    const answer = await this.#deps.hooks?.ask(request, credential.subject)
    if (answer !== undefined && !answer.allowed)
      return answer.refused
        ? refusal('HOOK_REFUSED', answer.sentence, 403)
        : refusal('HOOK_FAILED', answer.sentence, 503)
    const grant = this.#grant(request, answer?.subject ?? credential.subject)
    return answer?.isRecorded === true ? { ...grant, isRecorded: true } : grant
  }

  async #checkCredential(request: StreamRequest): Promise<Refusal | { readonly subject: string | undefined }> {
    const gated = this.#options[request.action] === 'token' && !this.#isDemoStream(request)
    const { guard } = this.#deps
    if (gated && guard.isBlocked(request.remoteAddress)) {
      await guard.holdBack(request.remoteAddress)
      this.#audit(request, 'TOO_MANY_FAILURES')
      return refusal('TOO_MANY_FAILURES', 'Too many wrong tokens from this address; try again in a minute.', 429)
    }
    const credential = this.#verify(request)
    // In open mode a token is not needed, but a valid one still names its owner, who may then take the stream over.
    if (!gated || credential.verdict === 'valid') return { subject: credential.subject }
    if (credential.verdict === 'invalid') guard.fail(request.remoteAddress)
    const refused = refuseCredential(request, credential.verdict)
    if (credential.verdict !== 'none') this.#audit(request, refused.code)
    return refused
  }

  #audit(request: StreamRequest, code: RefusalCode): void {
    this.#deps.audit.refused({ what: request.action, from: request.remoteAddress, stream: nameOf(request), code })
  }

  #isDemoStream(request: StreamRequest): boolean {
    return this.#options.demo === true && request.action === 'publish' && request.app === DEMO_APP
  }

  #verify(request: StreamRequest): Credential {
    const { secrets } = this.#deps
    if (secrets.secret.length === 0) return { verdict: 'none' }
    const now = this.#deps.nowMs()
    const token = request.bearer ?? request.query.get('token')
    if (token !== undefined) {
      const verdict = firstVerdict(secrets.secret, (secret) => verifyStreamToken(secret, request, token, now))
      return verdict === 'valid' ? { verdict, subject: `token:${fingerprint(token)}` } : { verdict }
    }
    const txSecret = request.query.get('txSecret')
    if (txSecret === undefined || request.ignoresTxSecret === true) return { verdict: 'none' }
    const txTime = request.query.get('txTime') ?? ''
    const keys = request.action === 'play' ? secrets.txPlay : secrets.txPublish
    const verdict = firstVerdict(keys, (key) => verifyTxSecret(key, request.stream, { txSecret, txTime }, now))
    return verdict === 'valid'
      ? { verdict, subject: `tx:${fingerprint(`${txSecret.toLowerCase()}${txTime}`)}` }
      : { verdict }
  }

  #grant(request: StreamRequest, subject: string | undefined): Grant {
    const { hooks, nowMs } = this.#deps
    let openedAtMs: number | undefined
    let over = false
    return {
      ok: true,
      key: StreamKey.plain(nameOf(request)),
      subject,
      opened: () => {
        openedAtMs ??= nowMs()
      },
      closed: (reason: StreamEndReason) => {
        if (over) return
        over = true
        if (openedAtMs !== undefined && request.action === 'publish')
          hooks?.unpublished(request, { reason, durationMs: Math.max(0, nowMs() - openedAtMs), subject })
      },
      // Nothing takes permission for a plain stream back; `Admissions` adds kicks for every gate.
      onRevoked: () => undefined,
    }
  }
}

function nameOf({ app, stream }: StreamRequest): string {
  return `${app}/${stream}`
}

function refusal(code: RefusalCode, sentence: string, httpStatus: number): Refusal {
  return { ok: false, code, sentence, httpStatus }
}

function refuseCredential(request: StreamRequest, verdict: Exclude<Credential['verdict'], 'valid'>): Refusal {
  const verb = request.action === 'publish' ? 'Publishing' : 'Playing'
  switch (verdict) {
    case 'none':
      return refusal('DENIED', `${verb} this stream requires a token; none was sent.`, 401)
    case 'other-action':
      return refusal('DENIED', `${verb} was asked with a token that is for the other direction.`, 401)
    case 'expired':
      return refusal('EXPIRED', 'The token has expired; request a new one.', 401)
    case 'invalid':
      return refusal('DENIED', 'The token is wrong or belongs to another stream.', 401)
  }
}

/** Names the holder of a token without being of any use as a token. */
function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 16)
}
