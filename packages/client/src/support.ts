/** Browsers inside other programs that are known for what they lack. */
export type InAppBrowser =
  'wechat' | 'wework' | 'qq' | 'dingtalk' | 'alipay' | 'weibo' | 'facebook' | 'instagram' | 'line'

/** What this browser can do here, and in words why not. */
export interface Support {
  /** It can send and play. */
  readonly supported: boolean
  /** Sentences, one for each thing that is missing; empty when `supported`. */
  readonly reasons: readonly string[]
  readonly webrtc: boolean
  readonly h264Encode: boolean
  readonly h264Decode: boolean
  /** https or localhost: without it there is no camera, microphone or screen. */
  readonly secureContext: boolean
  readonly screenShare: boolean
  readonly inAppBrowser?: InAppBrowser
  readonly canPublish: boolean
  /** Pictures and sound in calls, without the way round by WebSocket. */
  readonly canReceiveByWebRtc: boolean
  /** By WebRTC, or by WebSocket-FLV where there is Media Source. */
  readonly canPlay: boolean
}

/** What a browser tells about itself: an argument, so that tests can be any browser. */
export interface BrowserFacts {
  readonly userAgent: string
  readonly secureContext: boolean
  readonly peerConnection: boolean
  readonly getUserMedia: boolean
  readonly getDisplayMedia: boolean
  readonly mediaSource: boolean
  /** MIME types in lower case (RTCRtpSender and RTCRtpReceiver.getCapabilities). */
  readonly sendCodecs: readonly string[]
  readonly receiveCodecs: readonly string[]
}

/** The order matters: WeCom and WeChat on Windows call themselves MicroMessenger as well. */
const IN_APP: readonly (readonly [InAppBrowser, RegExp])[] = [
  ['wework', /wxwork\//i],
  ['wechat', /micromessenger\//i],
  ['dingtalk', /dingtalk/i],
  ['alipay', /alipayclient/i],
  ['weibo', /weibo/i],
  ['qq', /\bqq\/[\d.]+/i],
  ['facebook', /\bfb(?:an|av)\//i],
  ['instagram', /instagram/i],
  ['line', /\bline\/[\d.]+/i],
]

/** Judges a browser. */
export function judge(facts: BrowserFacts): Support {
  const webrtc = facts.peerConnection
  const h264Encode = webrtc && facts.sendCodecs.includes('video/h264')
  const h264Decode = webrtc && facts.receiveCodecs.includes('video/h264')
  const inAppBrowser = IN_APP.find(([, pattern]) => pattern.test(facts.userAgent))?.[0]
  const canPublish = webrtc && facts.secureContext && facts.getUserMedia
  const canPlay = webrtc || facts.mediaSource
  const reasons: string[] = []
  if (!facts.secureContext) {
    reasons.push('The page came by plain http://, so the browser keeps camera and microphone from it. Use https://.')
  }
  if (!webrtc) reasons.push(`${placeOf(inAppBrowser)} has no WebRTC. ${ADVICE}`)
  else {
    if (!h264Encode)
      reasons.push('This browser does not encode H.264: phones get its picture only converted, and later.')
    if (!h264Decode)
      reasons.push('This browser does not decode H.264 in calls: it gets pictures only converted, and later.')
    if (facts.secureContext && !facts.getUserMedia) {
      reasons.push(`${placeOf(inAppBrowser)} gives pages no camera and no microphone. ${ADVICE}`)
    }
  }
  if (!canPlay) reasons.push('This browser has neither WebRTC nor Media Source: it cannot play live streams.')
  return {
    supported: canPublish && h264Encode && h264Decode,
    reasons,
    webrtc,
    h264Encode,
    h264Decode,
    secureContext: facts.secureContext,
    screenShare: canPublish && facts.getDisplayMedia,
    ...(inAppBrowser === undefined ? {} : { inAppBrowser }),
    canPublish,
    // VP8 is in all of them (RFC 7742 section 5): the server makes it of H.264 for who has nothing else.
    canReceiveByWebRtc: webrtc,
    canPlay,
  }
}

const ADVICE = 'Open the page in Chrome, Edge, Safari or Firefox.'

function placeOf(inApp: InAppBrowser | undefined): string {
  return inApp === undefined ? 'This browser' : `The browser inside ${inApp === 'wechat' ? 'WeChat' : inApp}`
}

/** Asks the browser the page runs in. */
export function browserFacts(): BrowserFacts {
  const { mediaDevices } = navigator as { mediaDevices?: Partial<MediaDevices> }
  const peerConnection = 'RTCPeerConnection' in globalThis
  const codecs = (of: { getCapabilities?: (kind: string) => RTCRtpCapabilities | null } | undefined): string[] =>
    of?.getCapabilities?.('video')?.codecs.map(({ mimeType }) => mimeType.toLowerCase()) ?? []
  return {
    userAgent: navigator.userAgent,
    secureContext: globalThis.isSecureContext,
    peerConnection,
    getUserMedia: mediaDevices?.getUserMedia !== undefined,
    getDisplayMedia: mediaDevices?.getDisplayMedia !== undefined,
    mediaSource: 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis,
    sendCodecs: peerConnection ? codecs(RTCRtpSender) : [],
    receiveCodecs: peerConnection ? codecs(RTCRtpReceiver) : [],
  }
}
