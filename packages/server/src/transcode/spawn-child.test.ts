import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { beforeAll, expect, test } from 'vitest'
import { parseControl, type WireMessage } from '@crossroom/media'
import { silentLog } from '../observe/log.js'
import { MESSAGE_TYPE } from './ipc/message.js'
import { buildWorker, until } from './codec-process.fake.js'
import { childSpawner } from './spawn-child.js'

let entry = ''

beforeAll(() => {
  entry = buildWorker()
})

/** A worker without anything between it and the test; resolves once it is ready. */
async function bareWorker(): Promise<{ child: ChildProcess; pipe: Socket }> {
  const child = spawn(process.execPath, [entry], { stdio: ['ignore', 'ignore', 'ignore', 'overlapped'] })
  const pipe = child.stdio[3] as Socket
  pipe.on('error', () => undefined)
  await new Promise((resolve) => pipe.once('data', resolve))
  return { child, pipe }
}

const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', (code) => resolve(code)))

test('the codec process ends when the server is gone, however it went', async () => {
  const { child, pipe } = await bareWorker()
  const exit = exitOf(child)
  pipe.destroy()
  expect(await exit).toBe(0)
})

test('the codec process ends when the pipe is broken', async () => {
  const { child, pipe } = await bareWorker()
  const exit = exitOf(child)
  pipe.write(new Uint8Array(100).fill(0xff))
  expect(await exit).toBe(1)
})

test('a signal to the whole group does not end it: the server does, when it is ready to', async () => {
  const { child, pipe } = await bareWorker()
  child.kill('SIGINT')
  child.kill('SIGTERM')
  const answered = new Promise((resolve) => pipe.once('data', resolve))
  pipe.write(new Uint8Array([0, 0, 0, 8, MESSAGE_TYPE.ping, 0, 0, 0, 0, 0, 0, 0]))
  await answered
  child.kill('SIGKILL')
})

test('a program that does not exist is an exit, not an exception', async () => {
  let reason = ''
  const messages: WireMessage[] = []
  childSpawner({ log: silentLog, entry: '/nowhere.js' })({
    handleMessage: (message) => messages.push(message),
    handleExit: (why) => (reason = why),
  })
  await until(() => reason !== '', 'the exit')
  expect(reason).toBe('exit code 1')
  expect(messages).toHaveLength(0)
})

test('the process says why there is no engine', async () => {
  let told: unknown
  const child = childSpawner({ log: silentLog, entry, engines: ['none'] })({
    handleMessage: (message) => (told = parseControl(message)),
    handleExit: () => undefined,
  })
  await until(() => told !== undefined, 'the answer')
  child.kill()
  expect(told).toEqual({ reasons: [] })
})
