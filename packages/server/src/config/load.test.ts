import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ConfigError } from './config-error.js'
import { loadConfig } from './load.js'
import type { ConfigSources } from './load.js'
import { protocols } from '../endpoints/index.js'
import { definitionsOf } from './schema.js'

const load = (sources: Partial<ConfigSources> = {}) => loadConfig({ flags: {}, environment: {}, ...sources }, protocols)
const optionDefinitions = definitionsOf(protocols.map(({ options }) => options))
const LONG = 'a secret of thirty-two characters'
const file = (text: string) => ({ path: 'crossroom.yaml', text })

test('without anything the server is open and stays on loopback', () => {
  expect(load()).toMatchObject({
    ...{ host: '127.0.0.1', publish: 'open', play: 'open', rtmpPort: 1935, httpPort: 8080, rtcPort: 8000 },
    ...{ httpsPort: 8443, rtmpsPort: 1936, pendingConnections: 4096, pendingPerAddress: 64, logLevel: 'info' },
    ...{ json: false, rtcAddress: [], trustProxy: [], allowOrigin: [], metricsStreamLabel: false },
  })
})

test('with a secret it listens everywhere and publishing needs a token', () => {
  expect(load({ flags: { secret: LONG } })).toMatchObject({ host: '0.0.0.0', publish: 'token', play: 'open' })
  expect(load({ flags: { secret: 's', host: '127.0.0.1' } })).toMatchObject({ host: '127.0.0.1', publish: 'open' })
  expect(load({ flags: { secret: LONG, publish: 'open' } })).toMatchObject({ publish: 'open' })
})

test('the demo has a secret of its own and stays on this machine unless told', () => {
  const demoSecret = () => LONG
  const demo = load({ flags: { demo: true }, demoSecret })
  expect(demo).toMatchObject({ host: '127.0.0.1', secret: LONG, publish: 'open' })
  expect(load({ flags: { demo: true, secret: 's' }, demoSecret }).secret).toBe('s')
  expect(load({ flags: { demo: true, host: '0.0.0.0' }, demoSecret })).toMatchObject({
    ...{ host: '0.0.0.0', publish: 'token' },
  })
  expect(() => load({ flags: { demo: true } })).toThrow(/--demo needs/)
})

test('a server with JWT only may listen on all addresses; publishing plain streams is then closed', () => {
  const config = load({ flags: { jwtSecret: LONG } })
  expect(config).toMatchObject({ host: '0.0.0.0', publish: 'token' })
  expect(config.secret).toBeUndefined()
  expect(() => load({ flags: { jwtSecret: LONG, publish: 'token' } })).toThrow(/--publish token requires --secret/)
})

test('flags win over the environment, the environment over the file', () => {
  const environment = { CROSSROOM_RTMP_PORT: '2', CROSSROOM_HTTP_PORT: '3', CROSSROOM_JSON: 'yes' }
  const config = load({
    flags: { rtmpPort: '1' },
    environment,
    file: file('rtmp-port: 7\nhttp-port: 8\nrtc-port: 9\nrtc-address: [1.2.3.4, "5.6.7.8:9"]\n'),
  })
  expect(config).toMatchObject({
    rtmpPort: 1,
    httpPort: 3,
    rtcPort: 9,
    json: true,
    rtcAddress: ['1.2.3.4', '5.6.7.8:9'],
  })
})

test('a list is written with commas in a flag and a variable', () => {
  const environment = { CROSSROOM_TRUST_PROXY: '10.0.0.0/8, 127.0.0.1' }
  const config = load({ flags: { allowOrigin: 'https://a.example,https://b.example' }, environment })
  expect(config.trustProxy).toEqual(['10.0.0.0/8', '127.0.0.1'])
  expect(config.allowOrigin).toEqual(['https://a.example', 'https://b.example'])
})

test('an empty variable counts as not set, an empty file as no file', () => {
  expect(load({ environment: { CROSSROOM_SECRET: '', CROSSROOM_RTMP_PORT: '' }, file: file('') }).host).toBe(
    '127.0.0.1',
  )
})

test('a slash at the end of a public URL is dropped', () => {
  expect(load({ flags: { publicUrl: 'https://a.example/' } }).publicUrl).toBe('https://a.example')
})

test('several ports may be 0: each selects a free one', () => {
  expect(load({ flags: { rtmpPort: '0', httpPort: '0', rtcPort: 0, adminPort: 0 } }).adminPort).toBe(0)
})

test.each<[string, Partial<ConfigSources>, RegExp]>([
  [
    'a port that is no number',
    { flags: { rtmpPort: 'abc' } },
    /^--rtmp-port must be a port from 0 to 65535, or off, but is "abc"\.$/,
  ],
  ['a port too large', { environment: { CROSSROOM_HTTP_PORT: '70000' } }, /^CROSSROOM_HTTP_PORT must be a port/],
  ['a wrong value in the file', { file: file('play: maybe') }, /^play in crossroom\.yaml must be one of open, token/],
  ['an unknown option', { file: file('rtmp_port: 1') }, /unknown option "rtmp_port"/],
  ['a file that is not YAML', { file: file('a: [') }, /is not YAML/],
  ['a file that is a list', { file: file('- a') }, /must contain options/],
  ['an open server on every address', { flags: { host: '0.0.0.0' } }, /Without a secret .* Set --secret/],
  ['an open server on one address', { flags: { host: '192.168.1.2' } }, /Without a secret/],
  ['tokens without a secret', { flags: { publish: 'token' } }, /--publish token requires --secret/],
  ['play tokens without a secret', { flags: { play: 'token' } }, /--play token requires --secret/],
  ['half a certificate', { flags: { tlsCert: 'a.pem' } }, /belong together/],
  ['two certificates', { flags: { tls: 'self-signed', tlsCert: 'a', tlsKey: 'b' } }, /exclude each other/],
  ['one port twice', { flags: { rtmpPort: '8080' } }, /--rtmp-port and --http-port are both 8080/],
  ['a public URL without scheme', { flags: { publicUrl: 'example.org' } }, /must be an address beginning with http/],
  ['an origin with a path', { flags: { allowOrigin: 'https://a.example/x' } }, /must be origins/],
  ['a proxy by name', { flags: { trustProxy: 'proxy.example' } }, /must be addresses or CIDR ranges/],
  ['a secret that can be guessed', { flags: { secret: 'x'.repeat(31) } }, /--secret has fewer than 32 bytes/],
  ['a guessable JWT secret', { flags: { jwtSecret: 'x'.repeat(31) } }, /--jwt-secret has fewer than 32 bytes/],
  ['a guessable API key', { flags: { secret: LONG, apiKey: 'k' } }, /--api-key has fewer than 32 bytes/],
  ['a guessable hook secret', { flags: { secret: LONG, hookSecret: 'k' } }, /--hook-secret has fewer/],
  [
    'a guessable API key for others',
    { flags: { adminPort: 1, adminHost: '0.0.0.0', apiKey: 'k' } },
    /--api-key has fewer than 32 bytes/,
  ],
  ['keys over plain HTTP', { flags: { jwksUrl: 'http://keys.example/jwks' } }, /Use https:/],
  ['keys over plain HTTP, for a trial', { flags: { jwksUrl: 'http://10.0.0.1/', host: '127.0.0.1' } }, /Use https:/],
  ['two keys that overlap', { flags: { secret: LONG, txPlayKey: `${LONG}x` } }, /may begin with the other/],
  ['RTMP closed without TLS', { flags: { rtmpPort: 'off' } }, /--rtmp-port off requires TLS/],
  ['HTTP closed without TLS', { environment: { CROSSROOM_HTTP_PORT: 'off' } }, /--http-port off requires TLS/],
  ['an admin address without its port', { flags: { adminHost: '127.0.0.1' } }, /--admin-host requires --admin-port/],
  [
    'a missing secret file',
    { flags: { secretFile: '/nowhere' } },
    /--secret-file: \/nowhere cannot be read \(ENOENT\)/,
  ],
  ['a secret from two places', { flags: { secret: LONG, secretFile: '/x' } }, /--secret and --secret-file exclude/],
  ['a switch with another value', { environment: { CROSSROOM_JSON: 'perhaps' } }, /must be true or false/],
])('%s is refused with a sentence', (_name, sources, sentence) => {
  expect(() => load(sources)).toThrow(ConfigError)
  expect(() => load(sources)).toThrow(sentence)
})

test('the plain ports can be closed where TLS is served', () => {
  const tls = { tls: 'self-signed' }
  expect(load({ flags: tls, file: file('rtmp-port: off\nhttp-port: false') })).toMatchObject({
    ...{ rtmpPort: 'off', httpPort: 'off' },
  })
})

test('a secret comes from a file of its own, with the one before it on a second line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroom-secret-'))
  const path = join(folder, 'secret')
  writeFileSync(path, `${LONG}\n${LONG} before\n`, { mode: 0o600 })
  const read = () => load({ flags: { secretFile: path } })
  expect(read()).toMatchObject({ secret: LONG, previous: { secret: `${LONG} before` } })
  for (const mode of [0o644, 0o640, 0o660, 0o604, 0o620]) {
    chmodSync(path, mode)
    expect(read).toThrow(/others may read .* Run chmod 600/)
  }
  chmodSync(path, 0o400)
  expect(read().secret).toBe(LONG)
  chmodSync(path, 0o600)
  for (const text of ['', '\n \n', 'a\nb\nc\n']) {
    writeFileSync(path, text)
    expect(read).toThrow(/is empty|has 3 lines/)
  }
  rmSync(folder, { recursive: true })
})

test('a wrong secret is not repeated in the sentence', () => {
  expect(() => load({ file: file('secret: 12345678') })).toThrow(/^secret in crossroom\.yaml must be a text\.$/)
})

test('every option has a description, a flag and a variable of the same name', () => {
  for (const option of optionDefinitions) {
    expect(option.description.length).toBeGreaterThan(8)
    expect(option.variable).toBe(`CROSSROOM_${option.flag.slice(2).replaceAll('-', '_').toUpperCase()}`)
    expect(option.takes === undefined).toBe(
      ['json', 'metricsStreamLabel', 'forwardPrivate', 'demo'].includes(option.name),
    )
  }
  expect(optionDefinitions.filter((option) => option.secret).map((option) => option.name)).toEqual([
    ...[
      'turnSecret',
      'secret',
      'jwtSecret',
      'txPlayKey',
      'hookSecret',
      'apiKey',
      'pull',
      'push',
      'recordUploadSecret',
      'cluster',
    ],
  ])
  expect(optionDefinitions.find((option) => option.name === 'httpsPort')?.shownDefault).toBe('8443')
})

test('the example file has every option with its default, and all of it can be read', async () => {
  const values: Record<string, string> = {
    json: 'false',
    metricsStreamLabel: 'false',
    forwardPrivate: 'false',
    demo: 'false',
  }
  const quoted = (value: string): string => (value.startsWith('%') ? `'${value}'` : value)
  const lines = optionDefinitions.flatMap((option) => {
    const value =
      (option.shownDefault && quoted(option.shownDefault)) ?? values[option.name] ?? `# ${option.takes ?? ''}`
    return [`# ${option.description}`, `#${option.flag.slice(2)}: ${value}`, '']
  })
  const head =
    '# Options of crossroom serve --config. What is given as a flag or in the environment wins over this file.'
  const text = [head, '# Take the # away from what you want to change.', '', ...lines].join('\n')
  await expect(text).toMatchFileSnapshot('../../../../deploy/crossroom.example.yaml')
  expect(JSON.stringify(load({ file: file(text) }))).toBe(JSON.stringify(load()))
  expect(JSON.stringify(load({ file: file(text.replaceAll(/^#(?=[a-z])/gm, '')) }))).toBe(JSON.stringify(load()))
})

test('each of several processes needs media ports that no other listener has', () => {
  const of = (flags: Record<string, unknown>) => () => load({ flags: { processes: 3, ...flags } })
  expect(of({})).not.toThrow()
  expect(of({ rtcPort: 0 })).not.toThrow()
  expect(of({ httpPort: 8002 })).toThrow(
    '--rtc-port and --http-port are both 8002: choose two ports; each of the 3 processes needs a media port of its own.',
  )
  expect(of({ rtcPort: 65_534 })).toThrow('--rtc-port is too high for 3 processes.')
  const cluster = { cluster: 'nats://127.0.0.1', secret: LONG }
  expect(of(cluster)).toThrow('--rtc-port and --relay-port are both 8001')
  expect(of({ ...cluster, relayPort: 8101 })).not.toThrow()
})
