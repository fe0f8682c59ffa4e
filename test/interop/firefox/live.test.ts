import { readFileSync } from 'node:fs'
import type { Browser } from 'puppeteer-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  clickButton,
  FIREFOX_HZ,
  launchFirefox,
  openInFirefox,
  startServerForFirefox,
  untilText,
  whyNoFirefox,
  type FirefoxPage,
} from '../../harness/firefox.js'
import { untilPicturesMove, untilToneOf } from '../../harness/firefox-watch.js'
import {
  probe,
  pushClock,
  readDelay,
  run,
  temporaryPath,
  type RunningProcess,
  type TestServer,
} from '../../harness/index.js'
import { RecordedSound } from '../webrtc/flv-recording.js'

const X264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50'] as const
const G711 = ['-c:a', 'pcm_alaw', '-ar', '8000', '-ac', '1'] as const
/** How encoders code that no browser takes as it is. */
const FOREIGN = [
  ['intra refresh and G.711', { video: [...X264, '-tune', 'zerolatency', '-intra-refresh', '1'], audio: G711 }],
  ['B-frames and Speex', { video: [...X264, '-bf', '2'], audio: ['-c:a', 'libspeex', '-ar', '16000', '-ac', '1'] }],
] as const

const missing = whyNoFirefox()
if (missing !== undefined) console.warn(`Skipped: ${missing}`)

describe.skipIf(missing !== undefined)('Firefox without its downloadable H.264 on the page /live', () => {
  let server: TestServer
  let browser: Browser
  const opened: FirefoxPage[] = []
  const pushes: RunningProcess[] = []

  beforeAll(async () => {
    server = await startServerForFirefox()
    browser = await launchFirefox()
  }, 120_000)

  afterEach(async () => {
    for (const { page, complaints } of opened.splice(0)) {
      expect(complaints).toEqual([])
      await page.close()
    }
    await Promise.all(pushes.splice(0).map((push) => push.stop()))
  })

  afterAll(async () => {
    await browser.close()
    await server.stop()
  })

  async function open(query: string, by = browser): Promise<FirefoxPage> {
    const tab = await openInFirefox(by, `${server.http}/live?${query}`)
    opened.push(tab)
    return tab
  }

  function push(name: string): void {
    pushes.push(pushClock({ url: `${server.rtmp}/live/${name}` }))
  }

  test('HTTP-FLV serves its VP8 and Opus as H.264 and AAC, moving and in tune', async () => {
    const studio = await open('publish=live/fox')
    await clickButton(studio, 'Go live')
    await untilText(studio, '[data-sent=transport]', /^WebRTC \/ UDP$/)
    await untilText(studio, 'body', /Codecs: VP8, opus/)

    const flv = `${server.http}/live/fox.flv`
    const { tracks } = await probe(flv, { seconds: 1, args: LOOK_SHORTLY })
    expect(tracks.find(({ kind }) => kind === 'video')).toMatchObject({ codec: 'h264' })
    expect(tracks.find(({ kind }) => kind === 'audio')).toMatchObject({ codec: 'aac', sampleRate: 48_000 })
    const { pictures, sound } = await decodedFrom(flv)
    expect(new Set(pictures).size).toBeGreaterThan(20)
    expect(sound.amplitudeAt(FIREFOX_HZ)).toBeGreaterThan(0.05)
    expect(sound.amplitudeAt(1.5 * FIREFOX_HZ)).toBeLessThan(0.01)

    const player = await open('stream=live/fox')
    await clickButton(player, 'Turn on the sound')
    await untilText(player, '[data-fact=protocol]', /^WebRTC \/ UDP$/)
    await untilPicturesMove(player.scripts)
    await untilToneOf(player.scripts, FIREFOX_HZ)
  }, 60_000)

  test('it plays an RTMP push by WebRTC: video as VP8, and audio', async () => {
    push('push')
    const player = await open('stream=live/push')
    await clickButton(player, 'Turn on the sound')
    await untilText(player, '[data-fact=protocol]', /^WebRTC \/ UDP$/)
    await untilText(player, '[data-fact=picture]', /^640 × 360$/)
    // A picture whose clock can be read is a whole one.
    expect(await readDelay(player.scripts)).toBeLessThan(3000)
    await untilToneOf(player.scripts, 440)
  }, 60_000)

  test.each(FOREIGN)(
    'it plays %s by WebRTC',
    async (_name, coding) => {
      pushes.push(pushClock({ url: `${server.rtmp}/live/foreign`, ...coding }))
      const player = await open('stream=live/foreign')
      await clickButton(player, 'Turn on the sound')
      await untilText(player, '[data-fact=protocol]', /^WebRTC \/ UDP$/)
      expect(await readDelay(player.scripts)).toBeLessThan(3000)
      await untilToneOf(player.scripts, 440)
    },
    60_000,
  )

  test('without an H.264 decoder it says so when FLV is requested, and plays by WebRTC', async () => {
    const bare = await launchFirefox({ 'media.ffmpeg.enabled': false })
    try {
      push('bare')
      const stopped = await open('stream=live/bare&protocol=ws-flv', bare)
      await untilText(stopped, '#notice', /^This browser cannot decode the stream/)
      const player = await open('stream=live/bare', bare)
      await untilText(player, '[data-fact=protocol]', /^WebRTC \/ UDP$/)
      await untilPicturesMove(player.scripts)
    } finally {
      opened.splice(0)
      await bare.close()
    }
  }, 120_000)
})

/** ffmpeg and ffprobe look at a stream for 5 s before they begin, which is long for an encoder on a busy machine. */
const LOOK_SHORTLY = ['-analyzeduration', '1000000']

/** Two seconds of a stream, decoded by ffmpeg: a hash of each picture, and the sound. */
async function decodedFrom(url: string): Promise<{ pictures: string[]; sound: RecordedSound }> {
  const [hashes, samples] = [temporaryPath('pictures.md5'), temporaryPath('sound.f32')]
  const sinks = [
    ...['-map', '0:v', '-t', '2', '-f', 'framemd5', hashes],
    ...['-map', '0:a', '-t', '2', '-ac', '1', '-ar', '48000', '-f', 'f32le', samples],
  ]
  const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-y', ...LOOK_SHORTLY, '-i', url, ...sinks], 40_000)
  if (code !== 0) throw new Error(`ffmpeg could not play ${url}: ${stderr}`)
  const lines = readFileSync(hashes, 'utf8').split('\n')
  return {
    pictures: lines.flatMap((line) => (/^\d/.test(line) ? [line.split(',').at(-1)!] : [])),
    sound: new RecordedSound(readFileSync(samples), []),
  }
}
