import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, startServer, until, type TestServer } from '../../harness/index.js'
import { openPlainPage, untilFrames } from './room-page.js'

let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startServer()
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

/**
 * A page in the manner of those written for WebRTCAPI: callbacks, one video element per stream, a constructor without any.
 * `byHand` opens the devices itself, as pages with a preview do.
 */
function page(userId: string, byHand = false): Promise<Page> {
  const publish = `RTC.getLocalStream({ audio: true, video: true, attributes: { width: 640, height: 480, frameRate: 20 } },
    function (info) { RTC.startRTC({ stream: info.stream, role: 'user' }, function () { log.push(['sending']) }) })`
  return openPlainPage(
    browser,
    `<!doctype html><title>old page</title><video id="local" muted autoplay playsinline></video><div id="remote"></div>
<script src="${server.http}/sdk/crossroom.iife.js"></script>
<script>
  window.log = []
  WebRTCAPI.fn.detectRTC({ screenshare: false }, function (data) { log.push(['detect', data.support, data.h264Support]) })
  var RTC = new WebRTCAPI({ sdkAppId: 1400000000, userId: '${userId}', userSig: '', accountType: 1, closeLocalMedia: ${String(byHand)} })
  RTC.on('onLocalStreamAdd', function (data) {
    if (data && data.stream) document.querySelector('#local').srcObject = data.stream
  })
  RTC.on('onRemoteStreamUpdate', function (data) {
    log.push(['update', data.userId, data.videoType, data.stream === null])
    if (!data.stream) return
    var video = document.getElementById(data.videoId)
    if (!video) {
      video = document.createElement('video')
      video.id = data.videoId
      video.autoplay = true
      document.querySelector('#remote').appendChild(video)
    }
    video.srcObject = data.stream
  })
  RTC.on('onRemoteStreamRemove', function (data) {
    log.push(['remove', data.userId])
    var video = document.getElementById(data.videoId)
    if (video) video.remove()
  })
  RTC.on('onMuteAudio', function (data) { log.push(['mute', data.userId]) })
  RTC.on('onKickout', function (data) { log.push(['kickout', data.errorMsg]) })
  RTC.on('onErrorNotify', function (data) { log.push(['error', data.errorCode]) })
  RTC.enterRoom({ roomid: 4242 }, function () { log.push(['entered']); ${byHand ? publish : ''} }, function (error) { log.push(['failed', error.errorMsg]) })
</script>`,
  )
}

async function untilLogged(page: Page, ...wanted: unknown[]): Promise<void> {
  let seen = ''
  const look = async (): Promise<boolean> => {
    const log = await page.evaluate(() => (window as unknown as { log: unknown[][] }).log)
    seen = JSON.stringify(log)
    return log.some((entry) => wanted.every((value, index) => entry[index] === value))
  }
  await until(JSON.stringify(wanted), look, { timeoutMs: 15_000, explain: () => seen })
}

test('a page written for WebRTCAPI calls, sees, hears and leaves', async () => {
  const anna = await page('anna')
  await untilLogged(anna, 'detect', true, true)
  await untilLogged(anna, 'entered')
  const ben = await page('ben', true)
  await untilLogged(ben, 'sending')
  for (const [own, other] of [
    [anna, 'ben'],
    [ben, 'anna'],
  ] as const) {
    await untilLogged(own, 'update', other, 2, false)
    await untilFrames(own, '#local', 5)
    await untilFrames(own, '#remote video', 10)
    const kinds = await own.evaluate(() => {
      const video = document.querySelector<HTMLVideoElement>('#remote video')!
      return (video.srcObject as MediaStream).getTracks().map(({ kind }) => kind)
    })
    expect(kinds.sort()).toEqual(['audio', 'video'])
  }
  await ben.evaluate(() => void (window as unknown as { RTC: { closeAudio(): boolean } }).RTC.closeAudio())
  await untilLogged(anna, 'mute', 'ben')
  await ben.evaluate(() => (window as unknown as { RTC: { quit(): void } }).RTC.quit())
  await untilLogged(anna, 'remove', 'ben')
  expect(await anna.locator('#remote video').count()).toBe(0)
  const errors = await anna.evaluate(() =>
    (window as unknown as { log: unknown[][] }).log.filter(([it]) => it === 'error'),
  )
  expect(errors).toEqual([])
})
