import { expect, test } from 'vitest'
import { browser, makeCheck } from './checks.fake.js'
import { IceDemux } from './demux.js'

const one = { usernameFragment: 'frag0001', password: 'x'.repeat(24) }
const dtls = Uint8Array.of(22, 254, 253, 0, 0)

test('checks go by fragment, everything else by the address that was verified', () => {
  const demux = new IceDemux<string>()
  expect(demux.addFragment('frag0001', 'A')).toBe(true)
  expect(demux.addFragment('frag0001', 'B')).toBe(false)
  expect(demux.route(5, makeCheck(one))).toBe('A')
  expect(demux.route(5, dtls)).toBeUndefined()
  demux.addAddress(5, 'A')
  expect(demux.route(5, dtls)).toBe('A')
  expect(demux.route(6, dtls)).toBeUndefined()
  expect(demux.strangers).toBe(2)
})

test('a port that a NAT gave to another browser follows that one', () => {
  const demux = new IceDemux<string>()
  demux.addAddress(5, 'A')
  expect([demux.isOf(5, 'A'), demux.isOf(5, 'B')]).toEqual([true, false])
  demux.addAddress(5, 'B')
  expect([demux.isOf(5, 'A'), demux.isOf(5, 'B')]).toEqual([false, true])
  demux.removeAddress(5, 'A')
  expect(demux.find(5)).toBe('B')
  expect(demux.route(5, dtls)).toBe('B')
  demux.removeSession('B')
  expect(demux.route(5, dtls)).toBeUndefined()
})

test('after removal no check finds the session', () => {
  const demux = new IceDemux<string>()
  demux.addFragment('frag0001', 'A')
  demux.addFragment('frag0002', 'A')
  demux.removeFragment('frag0001')
  expect(demux.route(5, makeCheck(one))).toBeUndefined()
  expect(demux.route(5, makeCheck({ ...one, usernameFragment: 'frag0002' }, {}, browser))).toBe('A')
  demux.removeSession('A')
  expect(demux.sessions).toBe(0)
})
