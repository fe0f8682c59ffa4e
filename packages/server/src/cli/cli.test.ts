import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { deriveKey, EntrySignatures, FailureGuard, verifyStreamToken } from '../auth/index.js'
import { loadConfig } from '../config/index.js'
import { protocols } from '../endpoints/index.js'
import { Audit, silentLog } from '../observe/index.js'
import { describeAddresses } from '../endpoints/webrtc/port/doctor.js'
import { runCommand } from './program.js'
import type { CommandHost } from './program.js'
import { describeAddresses as describeListening } from './serve.js'
import { StatusLine } from './status-line.js'

const LONG_SECRET = '0123456789abcdef0123456789abcdef'

let folder: string
let out: string[]
let err: string[]
let signals: Map<string, () => void>
let phones: string[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crossroom-cli-'))
  out = []
  err = []
  signals = new Map()
  phones = []
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

function run(args: string[], given: Record<string, string> = {}): Promise<number> {
  const environment = { XDG_STATE_HOME: folder, ...given }
  const output = { print: (line: string) => void out.push(line), complain: (line: string) => void err.push(line) }
  const host: CommandHost = {
    environment,
    output,
    protocols,
    serveHost: {
      output,
      status: new StatusLine({ write: () => undefined }),
      onSignal: (signal, handle) => void signals.set(signal, handle),
      exit: (code) => void out.push(`exit ${String(code)}`),
      startDemoPhone: ({ httpPort }) => {
        phones.push(`http ${String(httpPort)}`)
        return () => phones.push('out')
      },
    },
  }
  return runCommand(args, host)
}

test('help names every command, and each command has its own', async () => {
  expect(await run(['--help'])).toBe(0)
  expect(out.join('\n')).toMatch(/serve[\s\S]*doctor[\s\S]*token/)
  out = []
  expect(await run(['serve', '--help'])).toBe(0)
  const help = out.join('\n')
  expect(help).toMatch(
    /--rtmp-port <PORT>\s+RTMP; 0 selects a free port, off closes it\s+\(requires TLS\) \(default: 1935\)/,
  )
  expect(help).toContain('CROSSROOM_RTMP_PORT')
  for (const command of ['doctor', 'token']) expect(await run([command, '--help'])).toBe(0)
})

test.each([
  [['serve', '--host', '0.0.0.0'], /Without a secret/],
  [['serve', '--rtmp-port', 'abc'], /--rtmp-port must be a port/],
  [['serve', '--config', '/nowhere/crossroom.yaml'], /cannot be read \(ENOENT\)\. Check --config/],
  [['serve', '--no-such-flag'], /unknown option '--no-such-flag'/],
  [['dance'], /unknown command 'dance'/],
  [['token', '--stream', 'live/x', '--play'], /signed with the secret/],
  [['token', '--stream', 'live/x', '--secret', 's'], /--publish or --play/],
  [['token', '--key', 'all', '--secret', 's'], /--key must be one of hook, tx-secret/],
  [['token', '--key', 'hook'], /derived from the secret/],
  [['token', '--secret', 's'], /--user ID for rooms, or --stream/],
  [['token', '--user', 'a', '--stream', 'live/x', '--secret', 's'], /--user ID for rooms, or --stream/],
  [['token', '--user', 'a b', '--secret', 's'], /--user must be/],
  [['token', '--user', 'a', '--room', 'x y', '--secret', 's'], /--room must be/],
  [['token', '--user', 'a', '--room', '1', '--name', 'x'.repeat(65), '--secret', 's'], /--name must be/],
  [['token', '--user', 'a', '--push', '--secret', 's'], /--push needs a room/],
  [['token', '--user', 'a', '--room', '1', '--push', '--link', '--secret', 's'], /Choose one of --push, --play/],
  [['token', '--user', 'a', '--room', '1', '--publish', '--secret', 's'], /with --user use --push/],
  [['token', '--stream', 'live/x', '--link', '--secret', 's'], /with --stream use --publish or --play/],
  [
    ['token', '--user', 'a', '--room', '1', '--play', '--http-port', '9', '--secret', 's'],
    /No server answers on 127.0.0.1:9/,
  ],
  [['token', '--user', 'a'], /signed with the secret/],
  [['token', '--stream', 'live', '--play', '--secret', 's'], /--stream must be APP\/STREAM/],
  [['token', '--stream', 'api/x', '--play', '--secret', 's'], /reserved/],
  [['token', '--stream', 'live/x', '--play', '--secret', 's', '--expire', 'soon'], /whole number of seconds/],
  [['token', '--stream', 'live/x', '--play', '--secret', 's', '--expire', '0'], /from 1 to/],
])('%j fails with a sentence on stderr and nothing on stdout', async (args, sentence) => {
  expect(await run(args)).not.toBe(0)
  expect(err.join('\n')).toMatch(sentence)
  expect(out).toEqual([])
})

test('a token is printed alone on stdout, from a secret in the file, and opens its stream', async () => {
  const file = join(folder, 'crossroom.yaml')
  writeFileSync(file, 'secret: from the file\n')
  expect(await run(['token', '--stream', 'live/x', '--publish', '--config', file])).toBe(0)
  expect(out).toHaveLength(1)
  const scope = { action: 'publish', app: 'live', stream: 'x' } as const
  expect(verifyStreamToken('from the file', scope, out[0]!, Date.now())).toBe('valid')
  out = []
  await run(['token', '--stream', 'live/x', '--play', '--expire', '60', '--json'], { CROSSROOM_SECRET: 's' })
  expect(JSON.parse(out[0]!)).toMatchObject({
    action: 'play',
    stream: 'live/x',
    expiresAt: expect.any(Number) as number,
  })
})

test('help of token and doctor is about themselves', async () => {
  await run(['token', '--help'])
  await run(['doctor', '--help'])
  const help = out.join('\n')
  expect(help).not.toMatch(/when the server listens|--opus-bitrate|--rtc-port/)
  expect(help).toMatch(/--json +prints one JSON object with signatures[\s\S]*--json +prints one JSON object per check/)
})

test('token prints the whole address of an encoder, and an invitation with its signatures behind #', async () => {
  const args = ['token', '--user', 'obs', '--room', '42', '--name', 'Big stage', '--secret', 's', '--sdk-app-id', '7', '--host', '127.0.0.1'] // prettier-ignore
  const now = vi.spyOn(Date, 'now').mockReturnValue(Date.now())
  expect(await run([...args, '--push', '--rtmp-port', '1945'])).toBe(0)
  expect(await run([...args, '--link', '--public-url', 'https://call.example.org/'])).toBe(0)
  now.mockRestore()
  const [push, link] = out.map((line) => new URL(line))
  expect(out[0]).toMatch(
    /^rtmp:\/\/localhost:1945\/push\/42\?sdkappid=7&userid=obs&usersig=[^&]+&privatemapkey=[^&]+&name=Big%20stage$/,
  )
  expect(link!.href).toMatch(
    /^https:\/\/call\.example\.org\/call\?room=42&name=Big%20stage#sdkappid=7&userid=obs&usersig=/,
  )
  const hash = new URLSearchParams(link!.hash.slice(1))
  expect(hash.get('usersig')).toBe(push!.searchParams.get('usersig'))
  expect(err).toEqual([
    expect.stringMatching(/^obs publishes to room 42/),
    expect.stringMatching(/^In OBS: server rtmp:\/\/localhost:1945\/push {3}stream key 42\?/),
    expect.stringMatching(/anyone who has it can join as obs/),
  ])
  out = []
  await run([...args, '--json'])
  expect(JSON.parse(out[0]!)).toMatchObject({
    ...{ sdkAppId: 7, userId: 'obs', roomId: '42', userSig: expect.any(String) as string },
    ...{ push: expect.stringMatching(/^rtmp:/) as string, link: expect.stringMatching(/^http:.*#/) as string },
  })
})

test('without a secret an address has no signature, and says so', async () => {
  expect(await run(['token', '--user', 'obs', '--room', '42', '--push'])).toBe(0)
  expect(out).toEqual(['rtmp://localhost:1935/push/42?userid=obs'])
  expect(err[0]).toMatch(/works with a server in open mode/)
})

test('a UserSig and a privateMapKey let their user into the room', async () => {
  expect(await run(['token', '--user', 'alice', '--room', '42', '--secret', 's', '--sdk-app-id', '7'])).toBe(0)
  const [userSig, privateMapKey] = out
  expect(err.at(-1)).toMatch(/--push, --play or --link/)
  const guard = new FailureGuard(Date.now, () => Promise.resolve())
  const options = { sdkAppId: 7, tickets: { secret: 's' }, jwt: {}, privateMapKey: 'required' } as const
  const verifier = new EntrySignatures(options, { nowMs: Date.now, guard, audit: new Audit(silentLog) })
  const credentials = { roomId: '42', userId: 'alice', userSig, privateMapKey, remoteAddress: '10.0.0.1' }
  expect(await verifier.verify(credentials)).toMatchObject({ userId: 'alice' })
  expect(await verifier.verify({ ...credentials, roomId: '43' })).toMatchObject({ code: 'MAP_KEY_OTHER_ROOM' })
  out = []
  await run(['token', '--user', 'bob', '--secret', 's', '--json'])
  expect(Object.keys(JSON.parse(out[0]!) as object)).toEqual(['sdkAppId', 'userId', 'userSig', 'expiresAt'])
})

test('keys are derived for programs that must not have the secret', async () => {
  for (const [purpose, key] of [
    ['hook', deriveKey('s', 'hook')],
    ['tx-secret', deriveKey('s', 'tx-secret')],
  ] as const) {
    out = []
    expect(await run(['token', '--key', purpose, '--secret', 's'])).toBe(0)
    expect(out).toEqual([key])
  }
})

test('a token is a JWT if only the secret of JWTs is configured', async () => {
  expect(await run(['token', '--user', 'alice', '--room', '42', '--jwt-secret', 'j'])).toBe(0)
  const guard = new FailureGuard(Date.now, () => Promise.resolve())
  const options = { sdkAppId: 1, tickets: {}, jwt: { secret: 'j' }, privateMapKey: 'optional' } as const
  const verifier = new EntrySignatures(options, { nowMs: Date.now, guard, audit: new Audit(silentLog) })
  const credentials = { roomId: '42', userSig: out[0], remoteAddress: '10.0.0.1' }
  expect(await verifier.verify(credentials)).toMatchObject({ userId: 'alice' })
  expect(await verifier.verify({ ...credentials, roomId: '43' })).toMatchObject({ code: 'JWT_OTHER_ROOM' })
  expect(await run(['token', '--user', 'alice', '--jwt-secret', 'j', '--expire', '2592001'])).toBe(1)
  expect(err.at(-1)).toMatch(/at most 2592000 s/)
})

test('the secret of the demo is made once, kept for its user alone, and found by token', async () => {
  const args = ['serve', '--demo', '--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0', '--log-level', 'silent']
  const running = run(args)
  await expect.poll(() => signals.has('SIGTERM'), { timeout: 10_000 }).toBe(true)
  const said = out.join('\n')
  expect(said).toMatch(/\nDemo: anyone who can open the pages/)
  expect(said).toMatch(/a browser +http:\/\/localhost:\d+\/\?room=demo/)
  expect(said).toMatch(/OBS +server rtmp:\/\/localhost:\d+\/push +stream key demo\?userid=obs&name=OBS&usersig=\S+\n/)
  expect(phones).toEqual([expect.stringMatching(/^http \d+$/)])
  signals.get('SIGTERM')!()
  await running
  expect(phones[1]).toBe('out')
  const path = join(folder, 'crossroom', 'demo-secret')
  const made = readFileSync(path, 'utf8')
  expect(made).toMatch(/^[0-9a-f]{64}\n$/)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  out = []
  expect(await run(['token', '--user', 'alice'])).toBe(0)
  expect(out).toHaveLength(1)
  expect(readFileSync(path, 'utf8')).toBe(made)
  writeFileSync(path, 'something else')
  expect(await run(args)).toBe(1)
  expect(err.at(-1)).toMatch(/demo-secret holds no secret of sufficient length/)
})

test('serve prints one JSON line with the ports it took, and ends with 0 after SIGTERM', async () => {
  const args = ['serve', '--json', '--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0', '--log-level', 'silent']
  const running = run(args)
  await expect.poll(() => out.length, { timeout: 10_000 }).toBe(1)
  const line = JSON.parse(out[0]!) as { event: string; rtmp: number; http: number }
  expect(line).toMatchObject({
    event: 'listening',
    rtmp: expect.any(Number) as number,
    http: expect.any(Number) as number,
  })
  const health = await fetch(`http://127.0.0.1:${String(line.http)}/healthz`)
  expect(await health.json()).toEqual({ status: 'ok' })
  signals.get('SIGTERM')!()
  expect(await running).toBe(0)
  await expect(fetch(`http://127.0.0.1:${String(line.http)}/healthz`)).rejects.toThrow()
})

test('a second signal ends the server at once', async () => {
  const running = run(['serve', '--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0', '--log-level', 'silent'])
  await expect.poll(() => signals.has('SIGTERM'), { timeout: 10_000 }).toBe(true)
  expect(out[0]).toMatch(/^Crossroom .* is listening on 127\.0\.0\.1\.$/)
  signals.get('SIGTERM')!()
  expect(out).not.toContain('exit 1')
  signals.get('SIGINT')!()
  expect(out).toContain('exit 1')
  expect(await running).toBe(0)
})

test('a port in use is said in a sentence', async () => {
  const blocker = createServer()
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve))
  const port = String((blocker.address() as AddressInfo).port)
  expect(
    await run(['serve', '--rtmp-port', port, '--http-port', '0', '--rtc-port', '0', '--log-level', 'silent']),
  ).toBe(1)
  expect(err).toEqual([
    `Port ${port} is used by another program. Stop that program, or choose another port (crossroom serve --help).`,
  ])
  expect(await run(['doctor', '--rtmp-port', port, '--http-port', '0', '--rtc-port', '0'])).toBe(1)
  expect(out.join('\n')).toMatch(new RegExp(`FAIL rtmp port +Port ${port} \\(TCP\\) is used by another program`))
  await new Promise((resolve) => blocker.close(resolve))
})

test('a file in the place of the admin socket is said in a sentence, and kept', async () => {
  const path = join(folder, 'notes')
  writeFileSync(path, 'dear to somebody')
  const ports = ['--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0', '--log-level', 'silent']
  expect(await run(['serve', '--admin-socket', path, ...ports])).toBe(1)
  expect(err.join()).toMatch(
    /^The socket \S+notes cannot be opened \(EADDRINUSE\): .*another path for --admin-socket\.$/,
  )
  expect(readFileSync(path, 'utf8')).toBe('dear to somebody')
})

test('doctor reports its findings, for programs one JSON line each', async () => {
  const args = [
    'doctor',
    '--json',
    '--rtmp-port',
    '0',
    '--http-port',
    '0',
    '--rtc-port',
    '0',
    '--tls-cert',
    'no.pem',
    '--tls-key',
    'no.key',
  ]
  expect(
    await run([...args, '--https-port', '0', '--rtmps-port', '0', '--secret', 'short', '--host', '127.0.0.1']),
  ).toBe(1)
  const findings = out.map((line) => JSON.parse(line) as { check: string; state: string; message: string })
  expect(findings).toContainEqual({ check: 'config', state: 'ok', message: 'The options fit together.' })
  expect(findings.find((finding) => finding.check === 'tls')).toMatchObject({ state: 'fail' })
  expect(findings.find((finding) => finding.check === 'secret')).toMatchObject({ state: 'warn' })
  expect(findings.map((finding) => finding.check)).toEqual(
    expect.arrayContaining(['node', 'native', 'codecs', 'addresses', 'access']),
  )
})

test('beside a running server the doctor is content with the ports in use, and with no others', async () => {
  const running = run(['serve', '--json', '--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0', '--log-level', 'silent']) // prettier-ignore
  await expect.poll(() => out.length, { timeout: 10_000 }).toBe(1)
  const { rtmp, http, rtc } = JSON.parse(out[0]!) as Record<string, number>
  const ports = ['--rtmp-port', String(rtmp), '--http-port', String(http), '--rtc-port', String(rtc)]
  expect(await run(['doctor', ...ports])).toBe(0)
  expect(out.join('\n').match(/is in use by the Crossroom that runs here/g)).toHaveLength(4)
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  ports[1] = String((other.address() as AddressInfo).port)
  expect(await run(['doctor', ...ports])).toBe(1)
  expect(out.join('\n')).toMatch(/FAIL rtmp port +Port \d+ \(TCP\) is used by another program/)
  await new Promise((resolve) => other.close(resolve))
  signals.get('SIGTERM')!()
  await running
})

test.each([
  [
    'on every address',
    ['--host', '0.0.0.0', '--secret', LONG_SECRET],
    /warn tls +No TLS on 0\.0\.0\.0: browsers on other/,
  ],
  ['behind a proxy', ['--secret', LONG_SECRET, '--public-url', 'https://a.example'], /ok +tls +The proxy at/],
  ['on loopback', ['--host', '127.0.0.1'], /ok +tls +No TLS: browsers allow/],
])('the doctor judges a server without TLS %s', async (_where, args, finding) => {
  await run(['doctor', '--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0', ...args])
  expect(out.join('\n')).toMatch(finding)
})

test('the doctor looks at the keys that let people into rooms, and makes none', async () => {
  const path = join(folder, 'key.pem')
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  writeFileSync(path, publicKey.export({ type: 'spki', format: 'pem' }))
  const ports = ['--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0']
  await run(['doctor', '--demo', '--user-sig-public-key', path, '--jwks-url', 'http://127.0.0.1:1/keys/', ...ports])
  expect(out.join('\n')).toMatch(
    /ok +keys .* holds a public key[\s\S]*warn keys .*127\.0\.0\.1:1\/keys\/ cannot be fetched/,
  )
  expect(readdirSync(folder)).toEqual(['key.pem'])
  out = []
  expect(await run(['doctor', '--user-sig-public-key', join(folder, 'no.pem'), ...ports])).toBe(1)
  expect(out.join('\n')).toMatch(/FAIL keys .*cannot be read/)
})

test('the doctor names a configuration that makes no sense', async () => {
  expect(await run(['doctor', '--publish', 'token'])).toBe(1)
  expect(out.join('\n')).toMatch(/FAIL config +--publish token requires --secret/)
})

const ipv4 = (address: string, internal = false) =>
  ({ address, internal, family: 'IPv4', netmask: '255.255.255.0', mac: '00:00:00:00:00:00', cidr: null }) as const

test.each([
  [
    'private only',
    { eth0: [ipv4('10.0.0.5')], lo: [ipv4('127.0.0.1', true)] },
    'warn',
    /All addresses are private \(10\.0\.0\.5\)/,
  ],
  ['public', { eth0: [ipv4('10.0.0.5')], eth1: [ipv4('8.8.4.4')] }, 'ok', /announces 10\.0\.0\.5, 8\.8\.4\.4/],
  ['a bridge only', { docker0: [ipv4('172.17.0.1')] }, 'fail', /no IPv4 address/],
] as const)('addresses, %s', (_name, interfaces, state, message) => {
  const copy = Object.fromEntries(Object.entries(interfaces).map(([name, list]) => [name, [...list]]))
  const [first] = describeAddresses(copy, '6.1.0-linux')
  expect(first).toMatchObject({ state, message: expect.stringMatching(message) as string })
})

test('WSL and container bridges are mentioned', () => {
  const messages = describeAddresses(
    { eth0: [ipv4('10.0.0.5')], docker0: [ipv4('172.17.0.1')] },
    '5.15-microsoft-standard-WSL2',
  )
  expect(messages.map((finding) => finding.message).join('\n')).toMatch(/docker0[\s\S]*WSL/)
})

test('the addresses of a listening server are one readable line each', () => {
  const config = loadConfig({ flags: {}, environment: {} }, protocols)
  const lines = describeListening(config, { rtmp: 1935, http: 8080, rtc: 8000 }, '/state/api-key')
  expect(lines).toContain('  publish     rtmp://localhost:1935/live/STREAM')
  expect(lines).toContain('  streams     http://localhost:8080/live')
  expect(lines).toContain('  API key     /state/api-key')
  expect(lines.at(-1)).toMatch(/^Open mode/)
})
