import type { Admission, Refusal, StreamGate, StreamRequest } from './gate.js'

const DRAINING: Refusal = {
  ok: false,
  code: 'DRAINING',
  sentence: 'The server is shutting down; try again in a few seconds.',
  httpStatus: 503,
}

/** Sends each request to the gate of its app: `r` and `push` are rooms', everything else is plain streaming. */
export class GateByApp implements StreamGate {
  #fallback: StreamGate
  readonly #gates = new Map<string, StreamGate>()
  #isDraining = false

  constructor(fallback: StreamGate) {
    this.#fallback = fallback
  }

  /** From now on requests of these apps go to that gate. */
  route(apps: readonly string[], gate: StreamGate): void {
    for (const app of apps) this.#gates.set(app, gate)
  }

  /** Puts a gate in front of that of plain streams. */
  wrapPlain(wrap: (gate: StreamGate) => StreamGate): void {
    this.#fallback = wrap(this.#fallback)
  }

  /** Admits nothing new from now on; admitted streams continue. */
  drain(): void {
    this.#isDraining = true
  }

  admit(request: StreamRequest): Promise<Admission> {
    if (this.#isDraining) return Promise.resolve(DRAINING)
    return (this.#gates.get(request.app) ?? this.#fallback).admit(request)
  }
}
