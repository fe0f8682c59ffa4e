import { expect, test } from 'vitest'
import { authLimits } from '../config/limits.js'
import { EntryTickets } from './entry-tickets.js'

test('a ticket is good once', () => {
  const tickets = new EntryTickets(() => 0)
  const { ticket } = tickets.make({ roomId: '42', userId: 'ann', userSig: 'sig' })
  expect(ticket).toMatch(/^[A-Za-z0-9_-]{22}$/)
  expect(tickets.redeem(ticket)).toEqual({ roomId: '42', userId: 'ann', userSig: 'sig' })
  expect(tickets.redeem(ticket)).toBeUndefined()
})

test('a ticket is good for a minute', () => {
  let now = 0
  const tickets = new EntryTickets(() => now)
  const { ticket, expiresAt } = tickets.make({ roomId: '42' })
  expect(expiresAt).toBe(authLimits.entryTicketMs)
  now = expiresAt
  expect(tickets.redeem(ticket)).toBeUndefined()
})

test('too many tickets cost the oldest, and those that ran out are forgotten', () => {
  let now = 0
  const tickets = new EntryTickets(() => now)
  const first = tickets.make({ roomId: '1' }).ticket
  for (let i = 0; i < authLimits.entryTickets; i++) tickets.make({ roomId: '2' })
  expect(tickets.size).toBe(authLimits.entryTickets)
  expect(tickets.redeem(first)).toBeUndefined()
  now = authLimits.entryTicketMs + 1
  tickets.make({ roomId: '3' })
  expect(tickets.size).toBe(1)
})
