import { createHmac } from 'node:crypto'
import type { Micros } from '@crossroom/media'
import { pollAll } from '@crossroom/testkit'
import { parseStun } from '../stun/parse.js'
import { asciiBytes, encodeStun, type StunDraft } from '../stun/write.js'
import { IceAgent, type IceEvent, type IceInput, type IceOutput } from './agent.js'
import type { IceCredentials } from './credentials.js'

export const hmacSha1 = (key: Uint8Array, data: Uint8Array): Uint8Array => createHmac('sha1', key).update(data).digest()

/** A counter in place of randomness: every call gives other bytes, every run the same. */
export function countingBytes(): (length: number) => Uint8Array {
  let next = 1
  return (length) => Uint8Array.from({ length }, () => (next = (next * 5 + 3) & 0xff))
}

export const browser: IceCredentials = { usernameFragment: 'kq9B', password: 'p7kQx0fVt3nZ2sLr8mYw5cHd' }

/** The browser's after an ICE restart. */
export const restarted: IceCredentials = { usernameFragment: 'nEw1', password: 'another-password-24-chars' }

/** The check that a controlling browser sends to the server whose credentials are `server`. */
export function makeCheck(server: IceCredentials, change: Partial<StunDraft> = {}, remote = browser): Uint8Array {
  return encodeStun({ ...draftOf(server, remote), integrityKey: asciiBytes(server.password), ...change }, hmacSha1)
}

/** The same without MESSAGE-INTEGRITY: an attacker that only saw the user names on the wire. */
export function makeUnsignedCheck(server: IceCredentials): Uint8Array {
  return encodeStun(draftOf(server, browser), hmacSha1)
}

function draftOf(server: IceCredentials, remote: IceCredentials): StunDraft {
  return {
    class: 'request',
    transactionId: Uint8Array.from({ length: 12 }, (_, index) => index * 17),
    username: `${server.usernameFragment}:${remote.usernameFragment}`,
    priority: 0x6e7f00ff,
    role: { is: 'controlling', tieBreaker: new Uint8Array(8).fill(9) },
  }
}

/** A browser's answer to a check of the server; undefined for anything else. */
export function answerTo(bytes: Uint8Array, remote?: IceCredentials): Uint8Array | undefined {
  const request = parseStun(bytes)
  if (request?.class !== 'request') return undefined
  const isRestarted = request.username?.startsWith(`${restarted.usernameFragment}:`) === true
  const { password } = remote ?? (isRestarted ? restarted : browser)
  const { transactionId } = request
  const mappedAddress = { ip: '192.0.2.1', port: 8000 }
  return encodeStun({ class: 'success', transactionId, mappedAddress, integrityKey: asciiBytes(password) }, hmacSha1)
}

/** An agent for tests: it keeps its output until the test reads it. */
export class PolledAgent extends IceAgent {
  readonly #outputs: IceOutput[] = []
  readonly #events: IceEvent[] = []
  #now: Micros = 0

  override handleInput(now: Micros, input: IceInput): void {
    super.handleInput(now, input)
    this.pollAt(now)
  }

  /** Answers when it wants to be polled again. */
  pollAt(now = this.#now): Micros {
    this.#now = now
    const { outputs, events, wakeAt } = pollAll(this, now)
    this.#events.push(...events)
    for (const output of outputs) this.send(now, output)
    return wakeAt
  }

  takeOutputs(): IceOutput[] {
    this.pollAt()
    return this.#outputs.splice(0)
  }

  takeEvents(): IceEvent[] {
    this.pollAt()
    return this.#events.splice(0)
  }

  protected send(_now: Micros, output: IceOutput): void {
    this.#outputs.push(output)
  }
}

/** An agent whose peer answers its checks at once, wherever they go. */
export class AnsweredAgent extends PolledAgent {
  protected override send(now: Micros, output: IceOutput): void {
    const answer = answerTo(output.bytes)
    if (answer === undefined) super.send(now, output)
    else this.handleInput(now, { address: output.address, bytes: answer })
  }
}
