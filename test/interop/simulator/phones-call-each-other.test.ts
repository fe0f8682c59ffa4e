import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { Phone, type PhoneOptions } from '../../../packages/simulator/src/index.js'
import { startServer, type TestServer } from '../../harness/server.js'
import { until } from '../../harness/until.js'

const component = mkdtempSync(join(tmpdir(), 'crossroom-component-'))
let server: TestServer

beforeAll(async () => {
  const build = join(import.meta.dirname, '../../../packages/miniprogram/build.mjs')
  await promisify(execFile)(process.execPath, [build, component])
  server = await startServer()
})

afterAll(async () => {
  await server.stop()
  rmSync(component, { recursive: true })
})

interface Told {
  readonly pusher: [number, string][]
  readonly player: [string, number][]
  readonly room: unknown[]
}

async function open(userId: string, options: Partial<PhoneOptions> = {}): Promise<{ phone: Phone; told: Told }> {
  const told: Told = { pusher: [], player: [], room: [] }
  const phone = await Phone.open({
    server: server.http,
    roomId: 'call',
    userId,
    component,
    ...options,
    handlers: {
      pusher: (code, message) => told.pusher.push([code, message]),
      player: (user, code) => told.player.push([user, code]),
      room: (event) => told.room.push(event),
    },
  })
  return { phone, told }
}

test('two phones see and hear each other, by RTMP and by FLV', async () => {
  const alice = await open('alice', { prefer: 'flv' })
  const bob = await open('bob', { prefer: 'rtmp', pitch: 1000 })
  for (const [{ phone, told }, other] of [
    [alice, 'bob'],
    [bob, 'alice'],
  ] as const) {
    const seen = await until(
      `the picture and the sound of ${other}`,
      () => {
        const stats = phone.stats().get(other)
        return stats && stats.frames > 20 && stats.audioLevel > 60 && stats
      },
      { timeoutMs: 15_000, explain: () => JSON.stringify([told, [...phone.stats()]]) },
    )
    expect(seen).toMatchObject({ width: 360, height: 640 })
    expect(seen.delayMs).toBeLessThan(400)
    const codes = told.pusher.map(([code]) => code)
    expect(codes.filter((code) => code < 1010 || code > 1034)).toEqual([1003, 1008, 1001, 1002, 1007])
    expect(codes.indexOf(1018)).toBeLessThan(codes.indexOf(1002))
    expect(told.player.filter(([user]) => user === other).map(([, code]) => code)).toEqual([
      2001, 2002, 2007, 2003, 2009, 2004,
    ])
  }
  await alice.phone.close()
  await until(
    'the exit of alice',
    () => bob.told.pusher.some(([code]) => code === 1032) && bob.phone.stats().size === 0,
  )
  await bob.phone.close()
})
