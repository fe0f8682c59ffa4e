import { isSegment } from './names.js'
import { byteLengthOfRoomRecord, makePrivateMapKey, parseRoomRecord, writeRoomRecord } from './private-map-key.js'
import { openTicket, type TicketFields } from './signed-ticket.js'
import { makeStreamToken, verifyStreamToken } from './stream-token.js'
import { verifyTxSecret } from './tx-secret.js'
import { vectors } from './user-sig.cases.js'
import { makeTicket, verifyFields } from './user-sig.js'

const NOW_MS = 1_700_000_000_000
const SECRET = 'a secret of the fuzzer'
const scope = { action: 'play', app: 'live', stream: 'x' } as const
const good = makeStreamToken(SECRET, scope, NOW_MS / 1000 + 60)

const ticketOf = (expireSeconds: number): string =>
  makeTicket(SECRET, { userId: 'alice', sdkAppId: 1, issuedAtSeconds: NOW_MS / 1000, expireSeconds })
const goodTicket = ticketOf(60)
const goodKey = makePrivateMapKey(SECRET, vectors.records[0].record, NOW_MS / 1000)

const decoder = new TextDecoder('latin1')
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

export const fuzzTargets = [
  {
    name: 'stream-token',
    seeds: (): Uint8Array[] => [encode(good), encode('p0000000'), encode('')],
    run: (input: Uint8Array): void => {
      const token = decoder.decode(input)
      const verdict = verifyStreamToken(SECRET, scope, token, NOW_MS)
      if (verdict !== 'invalid' && token !== good) throw new Error(`a forged token is ${verdict}`)
      const [txSecret = '', txTime = ''] = token.split('&')
      if (verifyTxSecret(SECRET, 'x', { txSecret, txTime }, NOW_MS) !== 'invalid') throw new Error('a forged txSecret')
    },
  },
  {
    name: 'stream-name',
    seeds: (): Uint8Array[] => [encode('live'), encode('..'), encode('a'.repeat(128)), encode('%2e%2e/')],
    run: (input: Uint8Array): void => {
      const name = decoder.decode(input)
      if (!isSegment(name)) return
      if (name === '' || name.length > 128 || name.startsWith('.')) throw new Error('a bad name passed')
      if (encodeURIComponent(name) !== name) throw new Error('a name passed that an address would escape')
    },
  },
  {
    name: 'user-sig',
    seeds: (): Uint8Array[] => [goodTicket, goodKey].map((ticket) => encode(JSON.stringify(openTicket(ticket)))),
    run: (input: Uint8Array): void => {
      const fields = parseObject(decoder.decode(input))
      if (fields === undefined) return
      const { ticket } = verifyFields({ secret: SECRET }, fields, NOW_MS)
      // JSON has spaces and members nobody reads: another spelling is no forgery, another user is.
      if (ticket !== undefined && ticket.userId !== 'alice') throw new Error('a forged ticket is valid')
    },
  },
  {
    name: 'private-map-key-record',
    seeds: (): Uint8Array[] => vectors.records.map(({ hex }) => Buffer.from(hex, 'hex')),
    run: (input: Uint8Array): void => {
      const record = parseRoomRecord(input)
      if (record === undefined) return
      const out = new Uint8Array(byteLengthOfRoomRecord(record))
      if (out.length !== input.length) throw new Error('the record is not as long as its bytes')
      writeRoomRecord(record, out, 0)
      const again = parseRoomRecord(out)
      if (JSON.stringify(again) !== JSON.stringify(record)) throw new Error('the record changed on its way')
    },
  },
]

function parseObject(text: string): TicketFields | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as TicketFields) : undefined
  } catch {
    return undefined
  }
}
