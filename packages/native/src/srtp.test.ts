import { SRTP_CONTRACT } from '@crossroom/testkit'
import { describe, expect, test } from 'vitest'
import { NativeEngine } from './engine.js'
import { srtpKeysForTest, srtpOutboundForTest } from './srtp.js'

const engine = new NativeEngine()

const subject = {
  keys: srtpKeysForTest,
  inbound: engine.srtp.createInbound.bind(engine.srtp),
  outbound: srtpOutboundForTest,
}

describe('SRTP in C keeps the contract', () => {
  for (const { name, run } of SRTP_CONTRACT) test(name, () => run(subject))
})

test('keys of another engine are refused', () => {
  expect(() => engine.srtp.createInbound(Object.freeze({}) as never)).toThrow(TypeError)
})
