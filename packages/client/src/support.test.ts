import { expect, test } from 'vitest'
import { judge, type BrowserFacts } from './support.js'

const chrome: BrowserFacts = {
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  secureContext: true,
  peerConnection: true,
  getUserMedia: true,
  getDisplayMedia: true,
  mediaSource: true,
  sendCodecs: ['video/vp8', 'video/h264'],
  receiveCodecs: ['video/vp8', 'video/h264'],
}

test('a browser of today can do everything', () => {
  expect(judge(chrome)).toEqual({
    supported: true,
    reasons: [],
    webrtc: true,
    h264Encode: true,
    h264Decode: true,
    secureContext: true,
    screenShare: true,
    canPublish: true,
    canReceiveByWebRtc: true,
    canPlay: true,
  })
})

test('over plain http it plays and does not send, and says why', () => {
  const support = judge({ ...chrome, secureContext: false, getUserMedia: false, getDisplayMedia: false })
  expect(support).toMatchObject({ supported: false, canPublish: false, canPlay: true, screenShare: false })
  expect(support.reasons).toHaveLength(1)
  expect(support.reasons[0]).toContain('https')
})

test('without H.264 the server converts both directions', () => {
  const support = judge({ ...chrome, sendCodecs: ['video/vp8'], receiveCodecs: ['video/vp8'] })
  expect(support).toMatchObject({ supported: false, canPublish: true, canReceiveByWebRtc: true, canPlay: true })
  expect(support.reasons).toHaveLength(2)
})

test('a browser without WebRTC and Media Source plays nothing', () => {
  const support = judge({ ...chrome, peerConnection: false, mediaSource: false, sendCodecs: [], receiveCodecs: [] })
  expect(support).toMatchObject({ supported: false, webrtc: false, canPublish: false, canPlay: false })
  expect(support.reasons.join(' ')).toMatch(/WebRTC.*Media Source/)
})

test.each([
  [
    'wechat',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0) AppleWebKit/605 Mobile/15E148 MicroMessenger/8.0.42(0x18002a2f)',
  ],
  [
    'wework',
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/81 Safari/537.36 wxwork/4.1 MicroMessenger/7.0.1',
  ],
  [
    'qq',
    'Mozilla/5.0 (Linux; Android 10) AppleWebKit/537.36 MQQBrowser/6.2 TBS/045 Mobile Safari/537.36 QQ/8.4.5.4745',
  ],
  ['dingtalk', 'Mozilla/5.0 (iPhone) AppleWebKit/605 Mobile AliApp(DingTalk/6.5.30) com.laiwang.DingTalk'],
  ['alipay', 'Mozilla/5.0 (iPhone) AppleWebKit/605 Mobile AliApp(AP/10.3.0) AlipayClient/10.3.0'],
] as const)('%s is known by its name', (name, userAgent) => {
  expect(judge({ ...chrome, userAgent }).inAppBrowser).toBe(name)
})

test('the sentence names the browser inside another program when it gives no camera', () => {
  const userAgent = 'Mozilla/5.0 (iPhone) MicroMessenger/8.0.42'
  expect(judge({ ...chrome, userAgent, getUserMedia: false }).reasons[0]).toMatch(/inside WeChat.*Open the page in/)
})
