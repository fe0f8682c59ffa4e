import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { encodeAmf0Values, FlvTagType, splitLengthPrefixed, type FlvTag } from '@crossroom/media'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packagingsOf, joined, setsOf } from '../../packages/media/src/flv/foreign-packaging.fake.js'
import {
  configsOf,
  launchChromium,
  makeClip,
  openPage,
  publishRtmp,
  run,
  start,
  startServer,
  tagsOf,
  temporaryPath,
  until,
  untilStream,
  type RtmpPeer,
  type RunningProcess,
  type TestServer,
} from '../harness/index.js'
import { glance, openPlayers, type Glance } from '../harness/players.js'

/** Half a second of black and of silence, half a second of white and a tone, for as long as all players need to start. */
const SECONDS = 120
const PICTURE = ['-f', 'lavfi', '-i', `color=white:size=160x90:rate=25:duration=${String(SECONDS)}`]
const BLINK = ['-vf', "eq=brightness='if(lt(mod(t,1),0.5),-1,0)':eval=frame", '-pix_fmt', 'yuv420p', '-g', '25']
const BEEP = ['-f', 'lavfi', '-i', `aevalsrc=0.5*sin(2765*t)*gte(mod(t\\,1)\\,0.5):s=48000:d=${String(SECONDS)}`]
const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast']
const AAC = ['-c:a', 'aac', '-ar', '48000', '-ac', '1']
const CLIPS = {
  plain: [...X264, '-tune', 'zerolatency', ...BLINK, ...AAC],
  reordered: ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '2', '-sc_threshold', '0', ...BLINK, ...AAC],
  slices: [...X264, '-tune', 'zerolatency', '-x264-params', 'sliced-threads=0:slices=3', ...BLINK, ...AAC],
  alaw: [...X264, '-tune', 'zerolatency', ...BLINK, '-c:a', 'pcm_alaw', '-ar', '8000', '-ac', '1'],
}

/** What an encoder does to a tag; `sinceMs` counts from the event, which comes once everybody plays. */
interface Publisher {
  readonly name: string
  readonly clip?: keyof typeof CLIPS
  readonly change?: (tag: FlvTag, sinceMs: number, record: Uint8Array) => readonly FlvTag[]
  /** By how much its pictures are ahead of its sound. */
  readonly aheadSeconds?: number
  /** How much later than due it is sent. */
  readonly heldMs?: (sinceMs: number) => number
}

const isVideo = ({ type }: FlvTag): boolean => type === FlvTagType.video
const isPicture = (tag: FlvTag): boolean => isVideo(tag) && tag.body[1] === 1
const HEADER = 5

/** The units of a picture and the header before them. */
function unitsOf({ body }: FlvTag): { header: Uint8Array; units: Uint8Array[] } {
  const units: Uint8Array[] = []
  splitLengthPrefixed(body, HEADER, body.length, 4, units)
  return { header: body.subarray(0, HEADER), units }
}

/** Pictures in another packaging (see packagingsOf). */
function packed(name: string): NonNullable<Publisher['change']> {
  return (tag, _sinceMs, good) => {
    if (!isVideo(tag)) return [tag]
    const packaging = packagingsOf('h264', good).find((one) => one.name === name)!
    const { header, units } = unitsOf(tag)
    const sets = setsOf('h264', good)
    const payload = isPicture(tag) ? packaging.frame(units, sets, tag.body[0] === 0x17) : packaging.record(sets)
    return payload === undefined ? [] : [{ ...tag, body: joined([header, payload]) }]
  }
}

const PUBLISHERS: readonly Publisher[] = [
  {
    name: 'negative composition times',
    clip: 'reordered',
    aheadSeconds: 0.16,
    change: (tag) => {
      const body = Buffer.from(tag.body)
      if (isPicture(tag)) body.writeIntBE(body.readIntBE(2, 3) - 160, 2, 3)
      return [{ ...tag, body }]
    },
  },
  { name: 'delivery held for 3 s', heldMs: (sinceMs) => (sinceMs > 0 && sinceMs < 3000 ? 3000 - sinceMs : 0) },
  {
    name: 'both clocks stepping back by 2 s',
    change: (tag, sinceMs) => [{ ...tag, timestampMs: tag.timestampMs + (sinceMs < 0 ? 5000 : 3000) }],
  },
  {
    name: 'pictures from an hour, sound from 0',
    change: (tag) => [{ ...tag, timestampMs: tag.timestampMs + (isVideo(tag) ? 3_600_000 : 0) }],
  },
  { name: 'parameter sets only in band', change: packed('no sequence header, sets in band') },
  { name: 'a byte stream behind a good record', change: packed('byte stream behind a good record') },
  {
    name: 'a message for each slice',
    clip: 'slices',
    change: (tag) => {
      if (!isPicture(tag)) return [tag]
      const { header, units } = unitsOf(tag)
      return units.map((unit) => ({ ...tag, body: joined([header, lengthOf(unit), unit]) }))
    },
  },
  { name: 'sound as G.711', clip: 'alaw' },
  {
    name: 'sound that stops for 6 s',
    change: (tag, sinceMs) => (isVideo(tag) || sinceMs < 0 || sinceMs > 6000 ? [tag] : []),
  },
  {
    name: 'metadata of 200 KB, twice',
    change: (tag, sinceMs) =>
      tag.type === FlvTagType.script || (sinceMs >= 0 && sinceMs < 40) ? [large(tag), tag] : [tag],
  },
]

function lengthOf(unit: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(unit.length)
  return length
}

const index = Array.from({ length: 22_000 }, (_, at) => at)
const large = ({ timestampMs }: FlvTag): FlvTag => ({
  ...{ type: FlvTagType.script, timestampMs },
  body: encodeAmf0Values(['onMetaData', { framerate: 25, keyframes: { times: index } }]),
})

const nameOf = (publisher: Publisher): string => `live/p${String(PUBLISHERS.indexOf(publisher))}`
const READERS = ['HTTP-FLV', 'RTMP'] as const
const PLAYERS = ['mpegts.js', 'WHEP'] as const

/** Of these, pictures and sounds are counted by aiortc (WHEP) and pictures by GStreamer (HTTP-FLV) as well. */
const OTHERS = PUBLISHERS.filter(({ name }) => /stepping back|in band/.test(name))
const AIORTC = fileURLToPath(new URL('./webrtc/aiortc-peer.py', import.meta.url))
const GST_PICTURES = 50

async function byAiortc(name: string): Promise<string> {
  const { stdout, stderr } = await run('/usr/bin/python3', [AIORTC, 'play', `${server.http}/whep/${name}`, '6'], 30_000)
  const { video, audio } = JSON.parse(stdout || '{}') as { video?: number; audio?: number }
  return (video ?? 0) > 25 && (audio ?? 0) > 75 ? 'plays' : `${stdout}${stderr}`
}

async function byGStreamer(name: string): Promise<string> {
  const path = temporaryPath('pictures.gray')
  const source = `souphttpsrc location=${server.http}/${name}.flv ! flvdemux name=d d.video ! queue ! h264parse ! openh264dec`
  const sink = `! videoconvert ! video/x-raw,format=GRAY8 ! identity eos-after=${String(GST_PICTURES + 1)} ! filesink location=${path}`
  const { stderr } = await run('gst-launch-1.0', ['-q', ...`${source} ${sink}`.split(' ')], 30_000)
  const pictures = (await readFile(path)).length / (160 * 90)
  return pictures >= GST_PICTURES ? 'plays' : `${String(pictures)} pictures ${stderr}`
}

let others: string[]
let server: TestServer
let browser: Browser
const pages: Page[] = []
let eventMs = Infinity
const readers = new Map<string, RunningProcess>()
let marked: Record<string, Glance>
let last: Record<string, Glance>

beforeAll(async () => {
  const output = Object.values(CLIPS)
  const [started, launched, ...made] = await Promise.all([
    startServer(),
    launchChromium(),
    ...output.map((coding) => makeClip({ picture: PICTURE, sound: BEEP, output: coding })),
  ])
  ;[server, browser] = [started, launched]
  const clips = await Promise.all(made.map(async ({ path }) => tagsOf(await readFile(path))))
  const peers = await Promise.all(PUBLISHERS.map((one) => publishRtmp(`${server.rtmp}/${nameOf(one)}`)))
  const clipOf = ({ clip = 'plain' }: Publisher): FlvTag[] => clips[Object.keys(CLIPS).indexOf(clip)]!
  const stopPushing = push(
    peers.map((peer, at) => ({ peer, publisher: PUBLISHERS[at]!, clip: clipOf(PUBLISHERS[at]!) })),
  )
  await watch()
  eventMs = performance.now()
  await until('the time after the events', () => performance.now() - eventMs > 9000)
  marked = await look()
  await until('all players to go on', goesOn, {
    timeoutMs: 30_000,
    explain: () => JSON.stringify([marked, last]),
  }).catch(() => undefined)
  await Promise.all([...readers.values()].map((reader) => reader.stop()))
  others = await Promise.all(OTHERS.flatMap((one) => [byAiortc(nameOf(one)), byGStreamer(nameOf(one))]))
  stopPushing()
}, 200_000)

afterAll(async () => {
  await browser.close()
  await server.stop()
})

/** Sends every tag when it is due. */
function push(all: readonly { peer: RtmpPeer; publisher: Publisher; clip: readonly FlvTag[] }[]): () => void {
  const startedMs = performance.now()
  const sent = all.map(() => 0)
  const records = all.map(({ clip }) => new Uint8Array(configsOf(clip.filter(isVideo))[0]!.body.subarray(HEADER)))
  const timer = setInterval(() => {
    const nowMs = performance.now() - startedMs
    for (const [at, { peer, publisher, clip }] of all.entries())
      for (; sent[at]! < clip.length; sent[at]!++) {
        const tag = clip[sent[at]!]!
        const sinceMs = tag.timestampMs + startedMs - eventMs
        if (tag.timestampMs + (publisher.heldMs?.(sinceMs) ?? 0) > nowMs) break
        peer.send(publisher.change?.(tag, sinceMs, records[at]!) ?? [tag])
      }
  }, 10)
  return () => clearInterval(timer)
}

/** Starts every exit of every publisher, and resolves when all of them play. */
async function watch(): Promise<void> {
  const names = PUBLISHERS.map(nameOf)
  await Promise.all(names.map((name) => untilStream(server, name, 'live', 40)))
  for (const name of names)
    for (const [reader, url] of [
      ['HTTP-FLV', `${server.http}/${name}.flv`],
      ['RTMP', `${server.rtmp}/${name}`],
    ] as const) {
      const filters = ['-vf', 'blackdetect=d=0.2:pix_th=0.2', '-af', 'silencedetect=d=0.2:n=-40dB', '-f', 'null', '-']
      const args = ['-hide_banner', '-nostdin', '-loglevel', 'level+info', '-threads', '1', '-i', url, ...filters]
      readers.set(`${reader} ${name}`, start('ffmpeg', args))
    }
  const mpegts = createRequire(import.meta.url).resolve('mpegts.js/dist/mpegts.js')
  for (const some of [names.slice(0, 5), names.slice(5)]) {
    const { page } = await openPage(browser, `${server.http}/players`, (opened) =>
      opened.route('**/players', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' })),
    )
    await page.addScriptTag({ path: mpegts })
    await page.evaluate(openPlayers, some)
    pages.push(page)
  }
  const blinked = (): boolean => [...readers.values()].every((one) => seen(one, 'black_start').length > 0)
  const plays = async (): Promise<boolean> => {
    last = await look()
    return Object.values(last).every(({ frames }) => frames > 10)
  }
  await until('everybody plays', async () => blinked() && (await plays()), {
    timeoutMs: 70_000,
    explain: () => JSON.stringify([last, ...[...readers].map(([key, one]) => [key, seen(one, 'black_start').length])]),
  })
}

/** Where all players are. */
async function look(): Promise<Record<string, Glance>> {
  return Object.assign({}, ...(await Promise.all(pages.map((page) => page.evaluate(glance))))) as Record<string, Glance>
}

async function goesOn(): Promise<boolean> {
  last = await look()
  return Object.entries(marked).every(([key, before]) => advanced(before, last[key]!))
}

function advanced(before: Glance, now: Glance): boolean {
  return now.frames > before.frames + 20 && now.seconds > before.seconds + 1 && now.soundBytes > before.soundBytes
}

/** The times that a filter of ffmpeg says, in seconds. */
function seen(reader: RunningProcess, what: string): number[] {
  return [...reader.output().matchAll(new RegExp(`${what}: ?([\\d.]+)`, 'g'))].map((match) => Number(match[1]))
}

describe.each(PUBLISHERS)('$name', (publisher) => {
  test.each(READERS)('ffmpeg reads %s without an error, with continuous time and in sync', (kind) => {
    const reader = readers.get(`${kind} ${nameOf(publisher)}`)!
    // The null output counts in 25ths of a second, which is not the stream's fault.
    expect(reader.output()).not.toMatch(/(?<!\[null @ \w+\] )\[(error|fatal)\]/)
    const [blacks, silences] = [seen(reader, 'black_start'), seen(reader, 'silence_start')]
    expect(blacks.length).toBeGreaterThan(8)
    // The first may have begun before the stream did.
    const steps = blacks.slice(2).map((at, before) => at - blacks[before + 1]!)
    for (const step of steps) expect(Math.abs(step - 1)).toBeLessThan(0.13)
    const late = silences.slice(-3).map((at) => at - Math.round(at - blacks.at(-1)!) - blacks.at(-1)!)
    const ahead = publisher.aheadSeconds ?? 0
    for (const by of late) expect(Math.abs(by - ahead)).toBeLessThan(publisher.name.includes('hour') ? 0.2 : 0.12)
  })

  test.each(PLAYERS)('Chromium plays it by %s, before and after', (kind) => {
    const key = `${kind} ${nameOf(publisher)}`
    expect(last[key]!.complaints).toEqual([])
    expect(last[key], JSON.stringify(marked[key])).toSatisfy((now: Glance) => advanced(marked[key]!, now))
  })
})

test('aiortc by WHEP and GStreamer by HTTP-FLV play what foreign encoders push', () => {
  expect(others).toEqual(OTHERS.flatMap(() => ['plays', 'plays']))
})
