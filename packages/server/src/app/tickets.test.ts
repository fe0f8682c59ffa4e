import { expect, test } from 'vitest'
import { EntryTickets } from '../auth/index.js'
import type { OtherNodes } from '../endpoints/index.js'
import { TicketsOfNodes } from './tickets.js'

/** Nodes that reach each other by their answers, as JSON. */
function twoNodes(): { readonly a: TicketsOfNodes; readonly b: TicketsOfNodes; readonly gone: Set<string> } {
  const answers = new Map<string, Parameters<OtherNodes['on']>[1]>()
  const gone = new Set<string>()
  const nodeOf = (tag: string): TicketsOfNodes =>
    new TicketsOfNodes(new EntryTickets(() => 0), {
      tag,
      has: (other) => answers.has(other),
      on: (_verb, answer) => void answers.set(tag, answer),
      ask: (other, _verb, body) => {
        if (gone.has(other)) return Promise.reject(new Error('It does not answer'))
        const answer = answers.get(other)!(JSON.parse(JSON.stringify(body)) as Record<string, unknown>)
        return Promise.resolve(JSON.parse(JSON.stringify(answer)) as Record<string, unknown>)
      },
    })
  return { a: nodeOf('aaaa'), b: nodeOf('bbbb'), gone }
}

const ENTRY = { roomId: '7', userId: 'alice', userName: 'Alice', sdkAppId: 1, userSig: 'signed' }

test('a ticket is redeemed at any node, and once on all together', async () => {
  const { a, b } = twoNodes()
  const [one, two] = [a.make(ENTRY), a.make(ENTRY)]
  expect(one.ticket).toMatch(/^aaaa[A-Za-z0-9_-]{22}$/)
  expect(await b.redeem(one.ticket)).toEqual(ENTRY)
  expect(await b.redeem(one.ticket)).toBeUndefined()
  expect(await a.redeem(one.ticket)).toBeUndefined()
  expect(await a.redeem(two.ticket)).toEqual(ENTRY)
})

test('a ticket of nobody, or of a node that is gone or does not answer, is none', async () => {
  const { a, b, gone } = twoNodes()
  expect(await b.redeem('')).toBeUndefined()
  expect(await b.redeem('cccc0123456789012345678901')).toBeUndefined()
  expect(await b.redeem(`aaaa${'x'.repeat(60)}`)).toBeUndefined()
  const { ticket } = a.make(ENTRY)
  gone.add('aaaa')
  expect(await b.redeem(ticket)).toBeUndefined()
})
