import fc from 'fast-check'
import { expect, test } from 'vitest'
import { arrive, stateOf } from './arrival.js'

function pageAt(address: string, state: unknown = null) {
  const url = new URL(address, 'https://host.example')
  const page = {
    location: url,
    history: {
      state,
      replaceState: (next: unknown, _unused: string, to?: string | URL | null) => {
        page.history.state = next
        url.href = new URL(to ?? '', url).href
      },
    },
  }
  return page
}

const SECRETS = ['usersig', 'token', 'privatemapkey', 'ticket', 'sdkappid', 'userid'] as const

test('whatever a link carries, and wherever, only room, name and open stay in the address', () => {
  const part = fc.record({
    name: fc.constantFrom('room', 'name', 'open', 'enter', 'x', ...SECRETS),
    value: fc.string({ minLength: 1, maxLength: 12 }),
    isBehindHash: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 10 }), fc.constantFrom('/', '/call', '/live'), (parts, path) => {
      const query = new URLSearchParams()
      const hash = new URLSearchParams()
      for (const { name, value, isBehindHash } of parts) (isBehindHash ? hash : query).append(name, value)
      const page = pageAt(`${path}?${query.toString()}#${hash.toString()}`)
      arrive(page)
      expect(page.location.pathname).toBe(path)
      expect(page.location.hash).toBe('')
      for (const name of new URLSearchParams(page.location.search).keys())
        expect(['room', 'name', 'open']).toContain(name)
    }),
  )
})

test('a reload finds the credentials again, a link to another room does not', () => {
  const page = pageAt('/call?room=a&name=Ann#userid=ann&usersig=s')
  const { invited, link } = arrive(page)
  expect(link).toContain('usersig=s')
  expect(page.location.href).toBe('https://host.example/call?room=a&name=Ann')
  const again = arrive(pageAt(page.location.href, page.history.state)).invited
  expect(again).toEqual(invited)
  expect(arrive(pageAt('/call?room=b', page.history.state)).invited).toEqual({ roomId: 'b' })
})

test('a link without credentials leaves nothing behind', () => {
  const page = pageAt('/call?room=a&enter')
  arrive(page)
  expect(page.history.state).toBeNull()
  expect(stateOf({ roomId: 'a', userId: 'ann' })).toBeNull()
})
