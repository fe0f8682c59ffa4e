import { expect, test } from 'vitest'
import { FIRST_TCP_ADDRESS } from '../engine/udp-port.js'
import { hasValidIntegrity, parseStun } from '../stun/parse.js'
import { asciiBytes } from '../stun/write.js'
import { CONSENT_TIMEOUT } from './agent.js'
import {
  AnsweredAgent,
  PolledAgent,
  answerTo,
  browser,
  restarted,
  countingBytes,
  hmacSha1,
  makeCheck,
  makeUnsignedCheck,
} from './checks.fake.js'
import { areValidIceCredentials, makeIceCredentials } from './credentials.js'
import { MAX_TUPLES } from './tuple-table.js'

const SECOND = 1_000_000

function makeAgent(Agent: typeof PolledAgent = AnsweredAgent): PolledAgent {
  const endpointOf = (address: number) => ({ ip: '192.0.2.7', port: 1000 + (address % 50_000) })
  return new Agent({ hmacSha1, randomBytes: countingBytes(), remote: browser, endpointOf })
}

function silent(agent: PolledAgent): boolean {
  return agent.takeOutputs().length + agent.takeEvents().length === 0
}

test('credentials have the length and characters of RFC 8839', () => {
  expect(areValidIceCredentials(makeIceCredentials(countingBytes()))).toBe(true)
  expect(areValidIceCredentials({ usernameFragment: 'abc', password: browser.password })).toBe(false)
  expect(areValidIceCredentials({ usernameFragment: 'ab:d', password: browser.password })).toBe(false)
})

test('a good check is answered to where it came from, with its own address in it', () => {
  const agent = makeAgent()
  const check = makeCheck(agent.local)
  agent.handleInput(0, { address: 5, bytes: check })
  const output = agent.takeOutputs()[0]!
  expect(output.address).toBe(5)
  const response = parseStun(output.bytes)!
  expect(response).toMatchObject({ class: 'success', mappedAddress: { ip: '192.0.2.7', port: 1005 } })
  expect(response.transactionId).toEqual(parseStun(check)!.transactionId)
  expect(hasValidIntegrity(response, asciiBytes(agent.local.password), hmacSha1)).toBe(true)
  expect(agent.takeEvents()).toEqual([
    { kind: 'verified', address: 5 },
    { kind: 'selected', address: 5, previous: undefined },
  ])
  expect(agent.isVerified(5)).toBe(true)
  expect(agent.isVerified(6)).toBe(false)
})

test('W1: no integrity, wrong integrity, unknown fragment, no fingerprint: silence, and a counter', () => {
  const agent = makeAgent()
  const unsigned = makeUnsignedCheck(agent.local)
  const forged = makeCheck(agent.local, { integrityKey: asciiBytes('wrong-password-of-24-char') })
  const stranger = makeCheck(agent.local, { username: `nobody12:${browser.usernameFragment}` })
  const otherRemote = makeCheck(agent.local, { username: `${agent.local.usernameFragment}:other` })
  for (const bytes of [unsigned, forged, stranger, otherRemote, makeCheck(agent.local).subarray(0, -8)]) {
    agent.handleInput(0, { address: 5, bytes })
    expect(silent(agent)).toBe(true)
  }
  expect(agent.counters).toMatchObject({ wrongIntegrity: 2, wrongUsername: 2, malformed: 1, checks: 0 })
})

test('W1: an answer is never longer than its question, whatever the role', () => {
  const agent = makeAgent()
  for (const is of ['controlling', 'controlled'] as const) {
    const bytes = makeCheck(agent.local, { role: { is, tieBreaker: new Uint8Array(8) } })
    agent.handleInput(0, { address: 5, bytes })
    expect(agent.takeOutputs()[0]!.bytes.length).toBeLessThanOrEqual(bytes.length)
  }
})

test('W1: a peer that believes itself controlled gets 487 and gains nothing', () => {
  const agent = makeAgent()
  const bytes = makeCheck(agent.local, { role: { is: 'controlled', tieBreaker: new Uint8Array(8).fill(255) } })
  agent.handleInput(0, { address: 5, bytes })
  expect(parseStun(agent.takeOutputs()[0]!.bytes)).toMatchObject({ class: 'error', errorCode: 487 })
  expect(agent.isVerified(5)).toBe(false)
  expect(agent.counters.roleConflicts).toBe(1)
})

test('W2: another address gets media only by nomination, or when the selected one is silent for more than 2 s', () => {
  const agent = makeAgent()
  agent.handleInput(0, { address: 5, bytes: makeCheck(agent.local, { useCandidate: true }) })
  agent.handleInput(1 * SECOND, { address: 6, bytes: makeCheck(agent.local) })
  expect(agent.selected).toBe(5)
  agent.heard(1.5 * SECOND, 5)
  agent.handleInput(3.5 * SECOND, { address: 6, bytes: makeCheck(agent.local) })
  expect(agent.selected).toBe(5)
  agent.handleInput(3.5 * SECOND + 1, { address: 6, bytes: makeCheck(agent.local) })
  expect(agent.selected).toBe(6)
  agent.handleInput(3.6 * SECOND, { address: 5, bytes: makeCheck(agent.local, { useCandidate: true }) })
  expect(agent.selected).toBe(5)
  const moves = agent.takeEvents().filter((event) => event.kind === 'selected')
  expect(moves.map((event) => [event.previous, event.address])).toEqual([
    [undefined, 5],
    [5, 6],
    [6, 5],
  ])
})

test('W2: media from an address that has not shown the password moves nothing', () => {
  const agent = makeAgent()
  agent.handleInput(0, { address: 5, bytes: makeCheck(agent.local, { useCandidate: true }) })
  agent.heard(20 * SECOND, 99)
  expect(agent.selected).toBe(5)
  expect(agent.isVerified(99)).toBe(false)
})

test('after NAT rebinding media is followed to a verified address when the old one is silent', () => {
  const agent = makeAgent()
  agent.handleInput(0, { address: 5, bytes: makeCheck(agent.local, { useCandidate: true }) })
  agent.handleInput(1 * SECOND, { address: 6, bytes: makeCheck(agent.local) })
  agent.heard(1.9 * SECOND, 6)
  expect(agent.selected).toBe(5)
  agent.heard(2.1 * SECOND, 6)
  expect(agent.selected).toBe(6)
})

test('W10: consent ends 30 s after the last good check, and only once', () => {
  const agent = makeAgent()
  agent.handleInput(0, { address: 5, bytes: makeCheck(agent.local) })
  agent.handleInput(4 * SECOND, { address: 5, bytes: makeCheck(agent.local) })
  agent.takeEvents()
  expect(agent.pollAt(4 * SECOND)).toBe(4 * SECOND + CONSENT_TIMEOUT)
  // Media without checks is no consent (RFC 7675 section 5.1).
  agent.heard(33 * SECOND, 5)
  agent.pollAt(34 * SECOND - 1)
  expect(agent.takeEvents()).toEqual([])
  agent.pollAt(34 * SECOND)
  expect(agent.takeEvents().map((event) => event.kind)).toEqual(['dropped', 'selected', 'expired'])
  expect(agent.pollAt(100 * SECOND)).toBe(Infinity)
  expect(agent.takeEvents()).toEqual([])
})

test('W10: a closed TCP connection leaves 30 s for another one', () => {
  const agent = makeAgent()
  agent.handleInput(0, { address: FIRST_TCP_ADDRESS, bytes: makeCheck(agent.local) })
  agent.remove(0, FIRST_TCP_ADDRESS)
  expect(agent.selected).toBeUndefined()
  expect(agent.takeEvents().map((event) => event.kind)).toEqual(['verified', 'selected', 'dropped', 'selected'])
  agent.handleInput(20 * SECOND, { address: FIRST_TCP_ADDRESS + 1, bytes: makeCheck(agent.local) })
  expect(agent.selected).toBe(FIRST_TCP_ADDRESS + 1)
  agent.pollAt(31 * SECOND)
  expect(agent.takeEvents().some((event) => event.kind === 'expired')).toBe(false)
})

test('W11: ten thousand ports with the right password keep eight places, never that of the selected one', () => {
  const agent = makeAgent()
  agent.handleInput(0, { address: 1, bytes: makeCheck(agent.local, { useCandidate: true }) })
  for (let address = 2; address <= 10_000; address++) {
    agent.handleInput(address, { address, bytes: makeCheck(agent.local) })
    agent.takeOutputs()
  }
  const verified = agent
    .takeEvents()
    .reduce((count, { kind }) => count + (kind === 'verified' ? 1 : kind === 'dropped' ? -1 : 0), 0)
  expect(verified).toBe(MAX_TUPLES)
  expect(agent.selected).toBe(1)
  expect(agent.isVerified(10_000)).toBe(true)
  expect(agent.isVerified(2)).toBe(false)
  expect(agent.counters.evictedTuples).toBe(10_000 - MAX_TUPLES)
})

test('an ICE restart keeps media where it is until the new credentials nominate, and the old ones live 10 s more', () => {
  const agent = makeAgent()
  const old = agent.local
  agent.handleInput(0, { address: 5, bytes: makeCheck(old, { useCandidate: true }) })
  const remote = restarted
  const local = agent.restart(1 * SECOND, remote)
  expect(local).not.toEqual(old)
  expect(agent.local).toBe(local)
  expect(agent.usernameFragments).toEqual([local.usernameFragment, old.usernameFragment])
  expect(agent.selected).toBe(5)
  agent.handleInput(2 * SECOND, { address: 7, bytes: makeCheck(local, { useCandidate: true }, remote) })
  expect(agent.selected).toBe(7)
  // A late nomination under the old credentials is answered, but it is history.
  agent.handleInput(3 * SECOND, { address: 5, bytes: makeCheck(old, { useCandidate: true }) })
  expect(agent.selected).toBe(7)
  expect(agent.pollAt(3 * SECOND)).toBe(11 * SECOND)
  agent.takeEvents()
  agent.pollAt(11 * SECOND)
  expect(agent.takeEvents()).toEqual([{ kind: 'retired', usernameFragment: old.usernameFragment }])
  const before = agent.counters.wrongUsername
  agent.handleInput(12 * SECOND, { address: 5, bytes: makeCheck(old) })
  expect(agent.counters.wrongUsername).toBe(before + 1)
})

test('restarts in a row do not pile up credentials', () => {
  const agent = makeAgent()
  for (let count = 0; count < 100; count++) agent.restart(count, browser)
  expect(agent.usernameFragments.length).toBe(3)
  expect(agent.takeEvents().filter((event) => event.kind === 'retired').length).toBe(98)
})

test('responses and indications are not answered', () => {
  const agent = makeAgent()
  for (const kind of ['indication', 'success', 'error'] as const) {
    agent.handleInput(0, { address: 5, bytes: makeCheck(agent.local, { class: kind }) })
  }
  expect(silent(agent)).toBe(true)
})

/** What of it is not an answer: our checks, by address. */
function checksOf(agent: PolledAgent): { address: number; bytes: Uint8Array }[] {
  return agent.takeOutputs().filter(({ bytes }) => parseStun(bytes)?.class === 'request')
}

function movesOf(agent: PolledAgent): (number | undefined)[] {
  return agent.takeEvents().flatMap((event) => (event.kind === 'selected' ? [event.address] : []))
}

function nominate(agent: PolledAgent, now: number, address: number): void {
  agent.handleInput(now, { address, bytes: makeCheck(agent.local, { useCandidate: true }) })
}

test('a nominated address is checked, and gets nothing else before it has answered; the old one goes on', () => {
  const agent = makeAgent(PolledAgent)
  nominate(agent, 0, 5)
  agent.prove(5)
  nominate(agent, SECOND, 6)
  expect([agent.selected, movesOf(agent)]).toEqual([5, [5]])
  const [, check] = checksOf(agent)
  expect(check!.address).toBe(6)
  const request = parseStun(check!.bytes)!
  expect(request).toMatchObject({
    ...{ class: 'request', role: 'controlled', useCandidate: false },
    username: `${browser.usernameFragment}:${agent.local.usernameFragment}`,
  })
  expect(hasValidIntegrity(request, asciiBytes(browser.password), hmacSha1)).toBe(true)
  agent.handleInput(SECOND, { address: 6, bytes: answerTo(check!.bytes)! })
  expect([agent.selected, movesOf(agent)]).toEqual([6, [6]])
})

test('a check that is not answered is sent five times in a second, and again with the peer’s next check', () => {
  const agent = makeAgent(PolledAgent)
  nominate(agent, 0, 5)
  agent.prove(5)
  checksOf(agent)
  nominate(agent, SECOND, 6)
  const sentAt: number[] = []
  let now = SECOND
  for (let next = now; now < 3 * SECOND; now = next) {
    next = agent.pollAt(now)
    for (const { address } of checksOf(agent)) sentAt.push(address === 6 ? now - SECOND : -1)
  }
  expect(sentAt).toEqual([0, 50_000, 150_000, 350_000, 750_000])
  nominate(agent, 4 * SECOND, 6)
  expect(checksOf(agent)).toHaveLength(1)
  expect(agent.selected).toBe(5)
})

test('only the right answer from the right place proves an address', () => {
  const agent = makeAgent(PolledAgent)
  nominate(agent, 0, 5)
  agent.prove(5)
  nominate(agent, 1, 6)
  const bytes = checksOf(agent).at(-1)!.bytes
  const wrong: [number, Uint8Array][] = [
    [7, answerTo(bytes)!],
    [6, answerTo(bytes, restarted)!],
    [6, makeCheck(agent.local, { class: 'success' })],
    [6, answerTo(bytes)!.with(12, 1)],
  ]
  for (const [address, answer] of wrong) agent.handleInput(2, { address, bytes: answer })
  expect(agent.selected).toBe(5)
  agent.handleInput(3, { address: 6, bytes: answerTo(bytes)! })
  expect(agent.selected).toBe(6)
})

test('authentic media proves an address, and a TCP connection is one', () => {
  const agent = makeAgent(PolledAgent)
  nominate(agent, 0, 5)
  expect(agent.selected).toBeUndefined()
  agent.heard(1, 5)
  expect(agent.selected).toBe(5)
  nominate(agent, 2, FIRST_TCP_ADDRESS)
  expect(agent.selected).toBe(FIRST_TCP_ADDRESS)
})

test('if the selected address is gone, a verified one replaces it; an unverified one is checked', () => {
  const agent = makeAgent(PolledAgent)
  nominate(agent, 0, FIRST_TCP_ADDRESS)
  agent.handleInput(1, { address: 6, bytes: makeCheck(agent.local) })
  agent.handleInput(2, { address: 7, bytes: makeCheck(agent.local) })
  agent.prove(6)
  agent.remove(3, FIRST_TCP_ADDRESS)
  expect([agent.selected, checksOf(agent)]).toEqual([6, []])
  agent.remove(4, 6)
  expect(agent.selected).toBeUndefined()
  expect(checksOf(agent).map(({ address }) => address)).toEqual([7])
})
