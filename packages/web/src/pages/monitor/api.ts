/** Asks the REST API as one who holds `key`, if any. */
export class Api {
  readonly #key: string | undefined

  constructor(key: string | undefined) {
    this.#key = key
  }

  /** The answer; undefined when there is none or it is a refusal. */
  async ask(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown> {
    try {
      const response = await fetch(`/api/v1${path}`, {
        method,
        cache: 'no-store',
        // Addresses returned when the page closes: the request must outlive it.
        keepalive: method === 'DELETE',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          ...(this.#key === undefined ? {} : { Authorization: `Bearer ${this.#key}` }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return response.ok ? await response.json() : undefined
    } catch {
      return undefined
    }
  }

  /** The picture at `path`; undefined when there is none. */
  async picture(path: string): Promise<Blob | undefined> {
    try {
      const headers = this.#key === undefined ? {} : { Authorization: `Bearer ${this.#key}` }
      const response = await fetch(`/api/v1${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) })
      return response.ok ? await response.blob() : undefined
    } catch {
      return undefined
    }
  }

  /** The list under `field` of an answer; empty when there is none. */
  async list(path: string, field: string): Promise<readonly Record<string, unknown>[]> {
    const answer = await this.ask('GET', path)
    const list = isRecord(answer) ? answer[field] : undefined
    return Array.isArray(list) ? (list as unknown[]).filter(isRecord) : []
  }
}

const TIMEOUT_MS = 5_000

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
