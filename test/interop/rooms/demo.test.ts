import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { EnterResult, User } from '@crossroom/protocol'
import { startServer, until, watchHttpFlv, type TestServer } from '../../harness/index.js'

let folder: string
let server: TestServer

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crossroom-demo-'))
  server = await startServer({ args: ['--demo'], env: { XDG_STATE_HOME: folder } })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

/** Enters the demo's room and answers who is there. */
async function enter(signatures: object): Promise<readonly User[]> {
  const socket = new WebSocket(`${server.ws}/signal`)
  const answer = new Promise<string>((resolve) => socket.on('message', (data: Buffer) => resolve(data.toString())))
  await new Promise((resolve) => socket.on('open', resolve))
  const params = {
    protocol: 1,
    roomId: 'demo',
    userId: 'visitor',
    client: { kind: 'other', version: '1' },
    ...signatures,
  }
  socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'room.enter', params }))
  const { result, error } = JSON.parse(await answer) as { result?: EnterResult; error?: { message: string } }
  socket.close()
  if (result === undefined) throw new Error(error?.message ?? 'no answer')
  return result.userList
}

async function demoSignatures(): Promise<object> {
  const response = await fetch(`${server.http}/api/v1/demo/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId: 'visitor', roomId: 'demo' }),
  })
  return (await response.json()) as object
}

test('a phone in the demo room sends a moving picture and a tone', async () => {
  const signatures = await demoSignatures()
  const phone = await until(
    'the phone to be seen and heard',
    async () => (await enter(signatures)).find(({ streams }) => streams.some((one) => one.hasAudio && one.hasVideo)),
    { everyMs: 500, timeoutMs: 20_000 },
  )
  expect(phone).toMatchObject({ userId: 'phone', kind: 'miniprogram' })
  const player = watchHttpFlv(phone.streams[0]!.play.flv)
  expect(await player.frames(20)).not.toHaveLength(0)
  player.close()
})

test('the token command signs with the demo’s generated secret', async () => {
  const command = join(import.meta.dirname, '../../../packages/server/bin/crossroom.js')
  const args = [command, 'token', '--user', 'visitor', '--room', 'demo', '--json']
  const token = await promisify(execFile)(process.execPath, args, { env: { ...process.env, XDG_STATE_HOME: folder } })
  const { userSig, privateMapKey } = JSON.parse(token.stdout) as Record<string, string>
  await expect(enter({ userSig, privateMapKey })).resolves.toBeInstanceOf(Array)
  await expect(enter({ userSig: 'eJw_' })).rejects.toThrow(/UserSig is malformed/)
})
