import type { Log } from './log.js'

/** The user, the action and the origin. No credentials. */
export interface AuditEntry {
  /** `enter`, `publish`, `play`, or a method and route of REST. */
  readonly what: string
  /** A user id as it was claimed, or the fingerprint of an API key. */
  readonly who?: string | undefined
  /** IP address of the client. */
  readonly from: string
}

/** The log lines about refusals and actions: `"kind":"audit"`, with any sentence. */
export class Audit {
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log.child({ kind: 'audit' })
  }

  /** A signature, token or key was refused; `code` is the reason sent to the client. */
  refused(entry: AuditEntry & { readonly code: string; readonly room?: string; readonly stream?: string }): void {
    this.#log.warn({ ...entry }, 'A signature was refused')
  }

  /** A member admitted another user, or a user got in with such a consent. */
  granted(entry: AuditEntry & { readonly on: Readonly<Record<string, unknown>> }): void {
    this.#log.info({ ...entry }, 'An entry was granted')
  }

  /** An authorized client changed something through REST, or tried to. */
  acted(entry: AuditEntry & { readonly status: number; readonly on: Readonly<Record<string, unknown>> }): void {
    this.#log.info({ ...entry }, 'REST acted')
  }
}
