import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { ROOT, sample } from '../../docs/samples.js'
import { run, start, startServer, until, type RunningProcess, type TestServer } from '../../harness/index.js'

/** The commands of the documents, as they stand there, against the server that the text told to start. */

const execute = promisify(execFile)
const SECRET = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'

// npx alone takes some seconds on a busy machine, and a block has several.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

let home: string
let demo: TestServer
let guarded: TestServer

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'crossroom-docs-'))
  symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'))
  cpSync(join(ROOT, 'package.json'), join(home, 'package.json'))
  demo = await startServer({
    args: ['--demo', '--push-private', '127.0.0.1'],
    env: { HOME: home, XDG_STATE_HOME: '', CROSSROOM_API_KEY: '' },
  })
  guarded = await startServer({
    args: ['--publish', 'token'],
    env: { HOME: home, XDG_STATE_HOME: '', CROSSROOM_API_KEY: '', CROSSROOM_SECRET: SECRET },
  })
})

afterAll(async () => {
  await Promise.all([demo.stop(), guarded.stop()])
  rmSync(home, { recursive: true })
})

/** What a reader's shell has: the command, a home, and the ports of the server where they are not the usual ones. */
function environment(ports: TestServer['ports'], more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: home, XDG_STATE_HOME: '', npm_config_update_notifier: 'false' }
  env['PATH'] = `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`
  // ffplay needs neither a screen nor a loudspeaker then.
  for (const name of ['SDL_VIDEODRIVER', 'SDL_AUDIODRIVER']) env[name] = 'dummy'
  for (const [name, port] of Object.entries(ports)) env[`CROSSROOM_${name.toUpperCase()}_PORT`] = String(port)
  return { ...env, ...more }
}

/** The block with the ports of a test's server. */
function on(server: TestServer, text: string): string {
  const { rtmp, http } = server.ports
  return text
    .replaceAll('localhost:1935', `localhost:${String(rtmp)}`)
    .replaceAll('localhost:8080', `localhost:${String(http)}`)
}

/** A shell that runs the block in a session of its own, so that all it started ends with it. */
function shell(text: string, env: NodeJS.ProcessEnv): RunningProcess {
  const running = start('bash', ['-c', text], { cwd: home, env, detached: true })
  const stop = async (): Promise<void> => {
    try {
      process.kill(-running.child.pid!, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
    await running.exited
  }
  return { ...running, stop }
}

/** What a block prints on stdout; it must succeed. */
async function printed(text: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await execute('bash', ['-e', '-c', text], { cwd: home, env, encoding: 'utf8', timeout: 90_000 })
  return stdout
}

async function get<T>(server: TestServer, path: string): Promise<T> {
  const key = readFileSync(join(home, '.local/state/crossroom/api-key'), 'utf8').split('\n')[0]!
  const response = await fetch(`${server.http}/api/v1/${path}`, { headers: { authorization: `Bearer ${key}` } })
  return (await response.json()) as T
}

interface Listed {
  readonly name: string
  readonly state: string
  readonly viewers: number
}

async function liveStream(server: TestServer, name: string): Promise<Listed | undefined> {
  const { streams } = await get<{ streams: Listed[] }>(server, 'streams')
  return streams.find((one) => one.name === name && one.state === 'live')
}

async function untilMember(userId: string, found: object): Promise<void> {
  const member = await until(`${userId} in the room`, async () => {
    const { members = [] } = await get<{ members?: { userId: string; streams: object[] }[] }>(demo, 'rooms/demo/members')
    return members.find((one) => one.userId === userId && one.streams.length > 0)
  }, { timeoutMs: 20_000 }) // prettier-ignore
  expect(member).toMatchObject(found)
}

const PUSH = '-re -f lavfi -i testsrc2=size=160x90:rate=10 -c:v libx264 -g 10 -pix_fmt yuv420p'.split(' ')

/** Publishes to an address for a second; true when the server took it. */
async function accepts(address: string): Promise<boolean> {
  const args = ['-hide_banner', '-loglevel', 'error', ...PUSH, '-t', '1', '-f', 'flv', address]
  return (await run('ffmpeg', args)).code === 0
}

test('token prints an address to publish to and one to play from', async () => {
  const env = environment(demo.ports)
  const address = (await printed(sample('README.md', '--user obs --room demo --push'), env)).trim()
  const push = start('ffmpeg', [...PUSH, '-f', 'flv', address])
  await untilMember('obs', { kind: 'rtmp', role: 'device' })
  const play = (await printed('npx crossroom token --user obs --room demo --play', env)).trim()
  const response = await fetch(play)
  expect(response.headers.get('content-type')).toBe('video/x-flv')
  await response.body!.cancel()
  await push.stop()
})

test('ffmpeg publishes into the room under its own name', async () => {
  const push = shell(sample('README.md', '--user camera --room demo'), environment(demo.ports))
  await untilMember('camera', { userName: 'Stage camera' })
  await push.stop()
})

test('ffplay plays what ffmpeg publishes, and curl lists it', async () => {
  const env = environment(demo.ports)
  const command = sample('README.md', '-f flv rtmp://localhost:1935/live/camera1')
  expect(sample('docs/1-quick-start.md', '-f flv rtmp://localhost:1935/live/camera1')).toBe(command)
  const push = shell(on(demo, command), env)
  await until('the stream', () => liveStream(demo, 'live/camera1'), { timeoutMs: 20_000 })
  for (const line of on(demo, sample('docs/1-quick-start.md', 'ffplay')).trim().split('\n')) {
    if (line.startsWith('ffplay')) {
      const player = shell(line, env)
      await until('a viewer', async () => (await liveStream(demo, 'live/camera1'))!.viewers > 0, { timeoutMs: 20_000 })
      await player.stop()
      await until('no viewer', async () => (await liveStream(demo, 'live/camera1'))!.viewers === 0)
    } else if (line.startsWith('vlc')) {
      // VLC does not run as root and without a screen: its address must be one that plays.
      expect((await fetch(/http\S+/.exec(line)![0], { method: 'HEAD' })).status).toBe(200)
    } else expect(await printed(line, env)).toContain('"live/camera1"')
  }
  await push.stop()
})

test('ffplay plays HLS', async () => {
  const push = start('ffmpeg', [...PUSH, '-f', 'flv', `${demo.rtmp}/live/camera1`])
  await until('the stream', () => liveStream(demo, 'live/camera1'), { timeoutMs: 20_000 })
  const player = shell(on(demo, sample('docs/14-hls.md', 'ffplay')), environment(demo.ports))
  await until('a viewer', async () => (await liveStream(demo, 'live/camera1'))!.viewers > 0, { timeoutMs: 20_000 })
  await player.stop()
  await push.stop()
})

test('GStreamer publishes', async () => {
  const text = on(demo, sample('README.md', 'gst-launch-1.0')).replace('live/camera1', 'live/gstreamer')
  const push = shell(text, environment(demo.ports))
  await until('the stream', () => liveStream(demo, 'live/gstreamer'), { timeoutMs: 20_000 })
  await push.stop()
})

test('curl uses REST with the server’s stored key, and creates a token', async () => {
  const blocks = [
    sample('docs/6-api-and-hooks.md', 'api-key)"'),
    sample('docs/6-api-and-hooks.md', 'api/v1/connections/6jV'),
    sample('docs/6-api-and-hooks.md', 'POST localhost:8080/api/v1/tokens'),
  ]
  const answer = await printed(on(demo, blocks.join('\n')), environment(demo.ports))
  expect(answer).toMatch(/^\{"streams":[\s\S]*CONNECTION_NOT_FOUND[\s\S]*"token":"v/)
})

test('curl rings for two users', async () => {
  const blocks = [sample('docs/6-api-and-hooks.md', 'api-key)"'), sample('docs/13-calls.md', 'api/v1/calls')]
  const call = JSON.parse(await printed(on(demo, blocks.join('\n')), environment(demo.ports))) as unknown
  expect(call).toMatchObject({ inviter: 'doctor', members: [{ userId: 'doctor' }, { state: 'ringing' }] })
})

test('curl begins a recording', async () => {
  const blocks = [sample('docs/6-api-and-hooks.md', 'api-key)"'), sample('docs/15-record.md', 'api/v1/recordings')]
  const recording = JSON.parse(await printed(on(demo, blocks.join('\n')), environment(demo.ports))) as unknown
  expect(recording).toMatchObject({ stream: 'live/camera1', state: 'waiting', format: 'mp4' })
})

test('curl pushes a stream', async () => {
  const text = sample('docs/19-relay.md', 'api/v1/pushes')
  const block = on(demo, text).replace('rtmp://live.example.org/app', `${demo.rtmp}/live`)
  const made = JSON.parse(await printed(block, environment(demo.ports))) as unknown
  expect(made).toMatchObject({ stream: 'live/camera1', state: 'waiting' })
  const push = start('ffmpeg', [...PUSH, '-f', 'flv', `${demo.rtmp}/live/camera1`])
  await until('the pushed stream', () => liveStream(demo, 'live/STREAM-KEY'), { timeoutMs: 20_000 })
  await push.stop()
})

test('curl saves the picture of a stream', async () => {
  const push = start('ffmpeg', [...PUSH, '-f', 'flv', `${demo.rtmp}/live/camera1`])
  await until('the stream', () => liveStream(demo, 'live/camera1'), { timeoutMs: 20_000 })
  const blocks = [
    sample('docs/6-api-and-hooks.md', 'api-key)"'),
    sample('docs/6-api-and-hooks.md', 'snapshot.jpg?width=320"'),
  ]
  await printed(on(demo, blocks.join('\n')), environment(demo.ports))
  expect([...readFileSync(join(home, 'camera1.jpg')).subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff])
  await push.stop()
})

test('doctor finds no fault beside the server of npm start', async () => {
  const said = await printed(sample('docs/8-troubleshooting.md', 'crossroom doctor'), environment(demo.ports))
  expect(said).toMatch(/is in use by the Crossroom that runs here/)
  expect(said).toMatch(/^\{"check":"node"/m)
})

test('tokens and txSecret open a server with a secret', async () => {
  const env = environment(guarded.ports, { CROSSROOM_SECRET: SECRET, CROSSROOM_HOST: '127.0.0.1' })
  const [token, json] = (await printed(sample('docs/2-streams.md', 'crossroom token --stream'), env)).trim().split('\n')
  expect(await accepts(`${guarded.rtmp}/live/camera1`)).toBe(false)
  expect(await accepts(`${guarded.rtmp}/live/camera1?token=${token!}`)).toBe(true)
  expect(JSON.parse(json!)).toMatchObject({
    action: 'play',
    http: expect.stringContaining('/live/camera1.flv?token=') as string,
  })
  const address = (await printed(sample('docs/2-streams.md', 'txSecret'), env)).trim()
  expect(await accepts(address.replace('rtmp://localhost/', `${guarded.rtmp}/`))).toBe(true)
  const help = sample('packages/server/README.md', 'crossroom serve --help')
  expect(await printed(help, env)).toMatch(/--rtmp-port[\s\S]*ok +node/)
})

test('a secret opens the server to the network, and its invitation begins with a reachable address', async () => {
  const ports = { rtmp: await freePort(), http: await freePort(), rtc: await freePort() }
  const server = shell(sample('README.md', 'export CROSSROOM_SECRET'), environment(ports))
  await until('the server', () => server.output().includes('is listening on 0.0.0.0'), { timeoutMs: 60_000 })
  expect(server.output()).toMatch(
    new RegExp(`http://[^/]+:${String(ports.http)}/call\\?room=42#sdkappid=1400000001&userid=alice`),
  )
  expect(server.output()).toMatch(/warn +tls +No TLS on 0\.0\.0\.0/)
  expect((await fetch(`http://127.0.0.1:${String(ports.http)}/healthz`)).status).toBe(200)
  await server.stop()
})

test('serve accepts flags, variables, a file and a certificate', async () => {
  const port = String(await freePort())
  writeFileSync(join(home, 'crossroom.yaml'), `rtmp-port: ${port}\n`)
  const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes', '-x509', '-newkey', 'rsa:2048']
  const made = await run('openssl', [
    'req',
    ...subject,
    '-keyout',
    join(home, 'privkey.pem'),
    '-out',
    join(home, 'fullchain.pem'),
  ])
  expect(made.code).toBe(0)
  const configured = sample('docs/4-configuration.md', '--rtmp-port 1945').replaceAll('1945', port).trim().split('\n')
  const tls = sample('docs/5-deployment.md', '--tls-cert fullchain.pem')
    .replace('--https-port 443', '--https-port 0')
    .replace('--rtmps-port 1936', `--rtmps-port ${port}`)
  for (const line of [...configured, tls.trim()]) {
    const server = shell(line, environment({ http: 0, rtc: 0, ...(line === tls.trim() ? { rtmp: 0 } : {}) }))
    await until(`"${line}" to listen on it`, () => server.output().includes(`:${port}`), { timeoutMs: 20_000 })
    await server.stop()
  }
})

test('the line for many cores starts a server of that many processes', async () => {
  const env = environment({ http: 0, rtc: 0, rtmp: 0 }, { CROSSROOM_JSON: 'true' })
  const server = shell(sample('docs/5-deployment.md', '--processes 4'), env)
  await until('all to listen', () => server.output().includes('"process":4,"pid"'), { timeoutMs: 40_000 })
  await server.stop()
})

test('the lines of the cluster start three nodes on NATS, list them and drain one', async () => {
  const [nats, http] = [String(await freePort()), await freePort()]
  const store = join(home, 'nats-store')
  const engine = sample('docs/16-cluster.md', 'nats-server -js').replace('4222', nats).replace('/tmp/nats-store', store)
  const sbin = { PATH: `${environment({})['PATH']!}:/usr/sbin` }
  const servers = shell(engine, environment({}, sbin))
  const env = environment({ http, rtc: 0, rtmp: 0, relay: 0 })
  const lines = sample('docs/16-cluster.md', '--node-id node1')
    .replace('4222', nats)
    .replaceAll(/--(rtmp|http|rtc|relay)-port \d+/g, '--$1-port 0')
  const list = sample('docs/16-cluster.md', 'crossroom cluster nodes')
  const nodes = shell(`${lines}\nwait`, env)
  try {
    const listed = await until(
      'three nodes',
      async () => {
        const { stdout } = await execute('bash', ['-c', list], {
          cwd: home,
          env,
        }).catch(() => ({ stdout: '' }))
        return stdout.trim().split('\n').length === 3 && stdout
      },
      { timeoutMs: 60_000, everyMs: 500, explain: nodes.output },
    )
    expect(listed).toMatch(/^up {7}node1[\s\S]*^up {7}node[23][\s\S]*^up {7}node[23]/m)
    expect(await printed(sample('docs/16-cluster.md', 'crossroom cluster drain'), env)).toContain('Node node2 drains.')
  } finally {
    await nodes.stop()
    await servers.stop()
  }
})

test('links are registered with the desktop, and unregistered', async () => {
  mkdirSync(join(home, '.local/share'), { recursive: true })
  expect(await printed(sample('docs/12-desktop.md', 'desktop register'), environment({}))).not.toBe('')
})

test('the ten-line sample of the media package reads a file', async () => {
  const film = [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=160x90:rate=10',
    '-t',
    '1',
    '-c:v',
    'libx264',
    '-pix_fmt',
    'yuv420p',
  ]
  expect((await run('ffmpeg', [...film, join(home, 'film.flv')])).code).toBe(0)
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 }
  const script = ts.transpileModule(sample('packages/media/README.md', 'FlvStreamReader'), { compilerOptions })
  writeFileSync(join(home, 'film.mjs'), script.outputText)
  expect(await printed('node film.mjs', environment({}))).toMatch(/^\d+ avc1\.\w+ true\n/)
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
