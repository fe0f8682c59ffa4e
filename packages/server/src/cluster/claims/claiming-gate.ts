import type { Admission, Refusal, StreamGate, StreamRequest } from '../../auth/index.js'
import type { StreamClaims } from './stream-claims.js'

/** A gate of plain streams that also claims the name: a second publisher is refused, or takes over, on any node. */
export class ClaimingGate implements StreamGate {
  readonly #gate: StreamGate
  readonly #claims: StreamClaims

  constructor(gate: StreamGate, claims: StreamClaims) {
    this.#gate = gate
    this.#claims = claims
  }

  async admit(request: StreamRequest): Promise<Admission> {
    const grant = await this.#gate.admit(request)
    if (!grant.ok || request.action !== 'publish') return grant
    const { key, subject } = grant
    const { connectionId, protocol, remoteAddress } = request
    const by = { connectionId, protocol, remoteAddress, ...(subject !== undefined && { subject }) }
    const answer = await this.#claims.reserve(key.name, by)
    if (answer !== 'granted') {
      grant.closed('error')
      return answer === 'busy' ? busy(key.label) : unavailable(key.label)
    }
    let isClosed = false
    return {
      ...grant,
      closed: (reason) => {
        grant.closed(reason)
        if (isClosed) return
        isClosed = true
        this.#claims.release(key.name)
      },
    }
  }
}

function busy(name: string): Refusal {
  const sentence = `${name} already has a publisher.`
  return { ok: false, code: 'BUSY', sentence, httpStatus: 409, loggedName: name }
}

function unavailable(name: string): Refusal {
  const sentence = 'The nodes of the cluster cannot agree on the publisher now; try again in a few seconds.'
  return { ok: false, code: 'CLUSTER_UNAVAILABLE', sentence, httpStatus: 503, loggedName: name }
}
