import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { start, until, type RunningProcess } from '../../harness/index.js'

const COMMAND = fileURLToPath(new URL('../../../packages/server/bin/crossroom.js', import.meta.url))
const WITHOUT_CODECS = `
  import { register } from 'node:module'
  register('data:text/javascript,' + encodeURIComponent(\`
    export function resolve(specifier, context, next) {
      if (!/^node-av(\\\\/|$)/.test(specifier)) return next(specifier, context)
      throw Object.assign(new Error("Cannot find package 'node-av'"), { code: 'ERR_MODULE_NOT_FOUND' })
    }\`))`
const START_MS = 30_000
const SENTENCE = /The codecs of a simulated phone are not there \(npm install node-av\): Cannot find package/

let stateFolder: string
beforeAll(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'crossroom-demo-'))
})
afterAll(() => rmSync(stateFolder, { recursive: true }))

/** Runs a command as on a machine where the codecs were not installed. */
function crossroom(args: readonly string[]): RunningProcess {
  const hook = `--import=data:text/javascript,${encodeURIComponent(WITHOUT_CODECS)}`
  const env = { ...process.env, XDG_STATE_HOME: stateFolder, NODE_OPTIONS: hook }
  return start(process.execPath, [COMMAND, ...args], { env })
}

test('without codecs the demo says once why there is no phone, and serves; the phone alone exits with the same sentence', async () => {
  const ports = ['--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0']
  const server = crossroom(['serve', '--demo', ...ports])
  const options = { timeoutMs: START_MS, explain: server.output }
  const origin = await until('the address', () => /a browser +(http:\/\/[^/]+)/.exec(server.output())?.[1], options)
  await until('the sentence', () => server.output().includes('The demo room has no phone'), options)
  expect(server.output()).toMatch(SENTENCE)

  const phone = crossroom(['simulate', '--server', origin, '--room', 'demo', '--user', 'somebody'])
  expect(await phone.exited).toBe(3)
  expect(phone.output().trim()).toMatch(SENTENCE)
  expect(phone.output().trim().split('\n')).toHaveLength(1)

  const health = await fetch(`${origin}/healthz`)
  expect(health.status).toBe(200)
  expect(server.output().match(/The demo room has no phone/g)).toHaveLength(1)
  server.child.kill('SIGINT')
  expect(await server.exited).toBe(0)
}, 90_000)
