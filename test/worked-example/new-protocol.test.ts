import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FlvTagReader, parseAdtsFrame, type FlvTag, type MediaFrame } from '@crossroom/media'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type RunningServer } from '../../packages/server/src/app.js'
import { runCommand, type CommandHost } from '../../packages/server/src/cli/program.js'
import { describeAddresses } from '../../packages/server/src/cli/serve.js'
import { StatusLine } from '../../packages/server/src/cli/status-line.js'
import { loadConfig, type ConfigSources } from '../../packages/server/src/config/index.js'
import { protocols } from '../../packages/server/src/endpoints/index.js'
import { Metrics, silentLog } from '../../packages/server/src/observe/index.js'
import { sample } from '../docs/samples.js'
import { hashOf, makeClip, pushTags, tagsOf, until, type TagPush } from '../harness/index.js'
import { adts } from './adts/index.js'

/** The whole change to the server: a folder, and this line of `endpoints/index.ts`. */
const withAdts = [...protocols, adts]

const API_KEY = 'key-of-this-test'
const load = (sources: Partial<ConfigSources>) => loadConfig({ flags: {}, environment: {}, ...sources }, withAdts)

let folder: string
let server: RunningServer
let clip: readonly FlvTag[]
let push: TagPush

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crossroom-protocol-'))
  const ports = { rtmpPort: 0, httpPort: 0, rtcPort: 0, adtsPort: 0 }
  const config = load({ flags: { ...ports, apiKey: API_KEY } })
  server = await startServer(config, { log: silentLog, metrics: new Metrics() })
  clip = tagsOf(readFileSync((await makeClip()).path))
  push = await pushTags(`rtmp://127.0.0.1:${String(server.ports['rtmp'])}/live/x`, clip)
})
afterAll(async () => {
  await push.stop()
  await server.close()
  rmSync(folder, { recursive: true })
})

/** What a command prints. */
async function outputOf(...args: string[]): Promise<string> {
  const lines: string[] = []
  const output = { print: (line: string) => void lines.push(line), complain: (line: string) => void lines.push(line) }
  const host: CommandHost = {
    ...{ environment: { XDG_STATE_HOME: folder }, output, protocols: withAdts },
    serveHost: {
      ...{ output, status: new StatusLine({ write: () => undefined }) },
      ...{ onSignal: () => undefined, exit: () => undefined, startDemoPhone: () => () => undefined },
    },
  }
  await runCommand(args, host)
  return lines.join('\n')
}

async function restOf(path: string): Promise<string> {
  const url = `http://127.0.0.1:${String(server.ports['http'])}${path}`
  const response = await fetch(url, { headers: { authorization: `Bearer ${API_KEY}` } })
  return response.text()
}

/** The frames of the clip's sound, by name of their bytes. */
function soundOfClip(): Set<string> {
  const reader = new FlvTagReader()
  const frames: MediaFrame[] = []
  for (const { type, timestampMs, body } of clip) reader.readTag(type, timestampMs, body, 0, frames)
  return new Set(frames.filter(({ config }) => config.kind === 'audio').map(({ units }) => hashOf(units[0]!)))
}

/** Plays until so many frames came. */
async function listen(url: string, count: number): Promise<{ readonly type: string | null; frames: string[] }> {
  const stop = new AbortController()
  const response = await fetch(url, { signal: stop.signal })
  let bytes = new Uint8Array(0)
  const frames: string[] = []
  const reader = response.body!.getReader()
  while (frames.length < count) {
    bytes = Buffer.concat([bytes, (await reader.read()).value!])
    for (let frame = parseAdtsFrame(bytes); frame !== undefined; frame = parseAdtsFrame(bytes)) {
      frames.push(hashOf(bytes.subarray(frame.start, frame.end)))
      bytes = bytes.subarray(frame.end)
    }
  }
  stop.abort()
  return { type: response.headers.get('content-type'), frames }
}

test('the description in CONTRIBUTING is the one that runs here', () => {
  const file = readFileSync(join(import.meta.dirname, 'adts/index.ts'), 'utf8')
  expect(file).toContain(sample('CONTRIBUTING.md', 'export const adts'))
})

test('a protocol that only plays is a folder and a line: its players get the stream on the common port and on its own', async () => {
  const sound = soundOfClip()
  expect(sound.size).toBeGreaterThan(50)
  for (const port of ['http', 'adts']) {
    const { type, frames } = await listen(`http://127.0.0.1:${String(server.ports[port])}/live/x.aac`, 40)
    expect(type).toBe('audio/aac')
    expect(frames.filter((frame) => !sound.has(frame))).toEqual([])
  }
})

test('REST hands out its address, lists its players and counts them in the metrics under its label', async () => {
  const { play } = JSON.parse(await restOf('/api/v1/streams/live/x')) as { play: Record<string, string> }
  const http = `http://127.0.0.1:${String(server.ports['http'])}`
  expect(play).toMatchObject({ adts: `${http}/live/x.aac`, flv: `${http}/live/x.flv`, whep: `${http}/whep/live/x` })
  const stop = new AbortController()
  const { body } = await fetch(play['adts']!, { signal: stop.signal })
  await body!.getReader().read()
  const { connections } = JSON.parse(await restOf('/api/v1/connections?role=viewer')) as { connections: object[] }
  expect(connections).toMatchObject([{ protocol: 'adts', stream: 'live/x' }])
  expect(await restOf('/metrics')).toContain('crossroom_viewers{protocol="adts"} 1')
  stop.abort()
  await until('the player has left', async () =>
    (await restOf('/metrics')).includes('crossroom_viewers{protocol="adts"} 0'),
  )
})

test('its option is a flag, a variable and a line of the file, in that order of precedence', () => {
  const file = { path: 'crossroom.yaml', text: 'adts-port: 3' }
  const portsOf = (sources: Partial<ConfigSources>) =>
    load(sources).protocols.find(({ name }) => name === 'adts')?.ports
  expect(portsOf({})).toEqual([])
  expect(portsOf({ file })).toMatchObject([{ name: 'adts', port: 3 }])
  expect(portsOf({ file, environment: { CROSSROOM_ADTS_PORT: '2' } })).toMatchObject([{ port: 2 }])
  const flags = { adtsPort: '1' }
  expect(portsOf({ file, environment: { CROSSROOM_ADTS_PORT: '2' }, flags })).toMatchObject([{ port: 1 }])
  expect(() => load({ flags: { adtsPort: 'x' } })).toThrow(/--adts-port must be a port from 0 to 65535/)
  expect(() => load({ flags: { adtsPort: 1935 } })).toThrow(/--rtmp-port and --adts-port are both 1935/)
})

test('help, doctor and banner tell of it', async () => {
  expect(await outputOf('serve', '--help')).toMatch(/--adts-port <PORT>\s+raw AAC over HTTP, on a port of its own/)
  const own = String(server.ports['adts'])
  const doctor = await outputOf('doctor', '--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0', '--adts-port', own)
  expect(doctor).toContain('ok   adts        Raw AAC is played over HTTP.')
  expect(doctor).toMatch(/FAIL adts port +Port \d+ \(TCP\) is used by another program: .* choose another --adts-port/)
  const banner = describeAddresses(load({}), { rtmp: 1935, http: 8080 }, undefined)
  expect(banner).toContain('  play        http://localhost:8080/live/STREAM.aac   (AAC)')
})
