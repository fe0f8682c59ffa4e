import type { Admission, StreamGate, StreamRequest } from './gate.js'

/** Sends each request to the gate of its app: `r` and `push` are rooms', everything else is plain streaming. */
export class GateByApp implements StreamGate {
  readonly #fallback: StreamGate
  readonly #gates = new Map<string, StreamGate>()

  constructor(fallback: StreamGate) {
    this.#fallback = fallback
  }

  /** From now on requests of these apps go to that gate. */
  route(apps: readonly string[], gate: StreamGate): void {
    for (const app of apps) this.#gates.set(app, gate)
  }

  admit(request: StreamRequest): Promise<Admission> {
    return (this.#gates.get(request.app) ?? this.#fallback).admit(request)
  }
}
