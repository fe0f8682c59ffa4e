import { fill, tagOf, type Language, type Values } from '../../i18n/choice.js'

/** Every text of the pages, English and Chinese. `{name}` stands for a value. */
export const TEXTS = {
  title: { en: 'Live', zh: '直播' },
  language: { en: '中文', zh: 'English' },
  languageLabel: { en: '切换到中文', zh: 'Switch to English' },
  lightColours: { en: 'Light colours', zh: '浅色外观' },
  darkColours: { en: 'Dark colours', zh: '深色外观' },
  skipToPlayer: { en: 'Skip to the player', zh: '跳到播放器' },
  player: { en: 'Player', zh: '播放器' },
  streams: { en: 'Streams', zh: '直播流' },
  noStreams: { en: 'Nothing is live yet.', zh: '暂无直播。' },
  noStreamsHow: {
    en: 'Go live from here, or publish with OBS, ffmpeg or a Mini Program to the RTMP address the server prints when it starts.',
    zh: '可在此页面开播，或用 OBS、ffmpeg、小程序向服务器启动时显示的 RTMP 地址推流。',
  },
  hiddenKey: {
    en: 'The list of streams needs the API key of the server.',
    zh: '查看直播流列表需要服务器的 API 密钥。',
  },
  hiddenLocal: {
    en: 'The server shows its list only on its own machine (it has no API key). Enter the name of a stream.',
    zh: '服务器未设置 API 密钥，列表仅在本机可见。请输入流名称。',
  },
  hiddenElsewhere: {
    en: 'The list of streams is served on the admin port. Enter a stream name.',
    zh: '直播流列表在管理端口上。请输入流名称。',
  },
  hiddenUnreachable: { en: 'The server is not responding. Retrying…', zh: '服务器无响应，正在重试…' },
  apiKey: { en: 'API key', zh: 'API 密钥' },
  showList: { en: 'Show', zh: '显示' },
  streamName: { en: 'Stream name', zh: '流名称' },
  watch: { en: 'Watch', zh: '观看' },
  badName: {
    en: 'A stream name is APP/STREAM, for example live/camera1.',
    zh: '流名称的格式为 APP/STREAM,例如 live/camera1。',
  },
  viewers: { en: '{count} watching', zh: '{count} 人观看' },
  soundOnly: { en: 'sound only', zh: '仅音频' },
  starting: { en: 'starting', zh: '正在开始' },
  paused: { en: 'publisher away', zh: '推流已断开' },
  playBy: { en: 'Play by', zh: '播放方式' },
  auto: { en: 'Automatic', zh: '自动' },
  chooseStream: { en: 'Choose a stream to watch.', zh: '请选择要观看的直播流。' },
  connecting: { en: 'Connecting over {protocol}…', zh: '正在通过 {protocol} 连接…' },
  stalled: { en: 'Video has stopped. Waiting for the publisher…', zh: '画面已停止，正在等待推流端…' },
  waitingNotFound: { en: '{stream} is not live yet. Waiting for it…', zh: '{stream} 尚未推流，正在等待…' },
  waitingEnded: { en: 'The stream has ended. Waiting for it to come back…', zh: '直播已结束，正在等待恢复…' },
  waitingNetwork: { en: 'Connection lost. Reconnecting…', zh: '连接已断开，正在重新连接…' },
  waitingTimeout: { en: 'No video arrived in time. Retrying…', zh: '未能及时收到画面，正在重试…' },
  stoppedRefused: { en: 'You are not allowed to watch this stream.', zh: '服务器拒绝观看此直播流。' },
  stoppedRefusedHow: {
    en: 'If you have a token, add &token=… to the address of this page.',
    zh: '如有令牌，请在本页地址后加上 &token=…。',
  },
  stoppedCodec: { en: 'This browser cannot decode the stream{codec}.', zh: '此浏览器无法解码该直播流{codec}。' },
  stoppedUnsupported: {
    en: 'This browser supports neither WebRTC nor FLV. Please use a current Chrome, Edge, Firefox or Safari.',
    zh: '此浏览器既不支持 WebRTC 也不支持 FLV。请使用新版 Chrome、Edge、Firefox 或 Safari。',
  },
  stoppedUnavailable: { en: 'The server does not offer {protocol}.', zh: '服务器未提供 {protocol}。' },
  serverSays: { en: 'The server says: {detail}', zh: '服务器返回：{detail}' },
  insteadOf: { en: 'Playing over {protocol}: {reasons}.', zh: '正在通过 {protocol} 播放，原因：{reasons}。' },
  tryingWebRtc: { en: 'WebRTC is tried again in the background.', zh: '后台会继续尝试 WebRTC。' },
  because: { en: '{protocol} {reason}', zh: '{protocol} {reason}' },
  reasonNotFound: { en: 'did not find the stream', zh: '未找到该流' },
  reasonRefused: { en: 'was refused', zh: '被拒绝' },
  reasonCodec: { en: 'uses a codec this browser cannot decode', zh: '没有此浏览器可解码的编码' },
  reasonUnsupported: { en: 'is not supported by this browser', zh: '不受此浏览器支持' },
  reasonUnavailable: { en: 'is not offered by the server', zh: '未由服务器提供' },
  reasonNetwork: { en: 'could not connect', zh: '无法连接' },
  reasonTimeout: { en: 'did not respond in time', zh: '未及时响应' },
  reasonEnded: { en: 'ended', zh: '已结束' },
  tryAgain: { en: 'Try again', zh: '重试' },
  play: { en: 'Play', zh: '播放' },
  soundOn: { en: 'Turn on the sound', zh: '打开声音' },
  mute: { en: 'Mute (M)', zh: '静音 (M)' },
  unmute: { en: 'Sound on (M)', zh: '打开声音 (M)' },
  volume: { en: 'Volume', zh: '音量' },
  fullscreen: { en: 'Full screen (F)', zh: '全屏 (F)' },
  pictureInPicture: { en: 'Picture in picture (P)', zh: '画中画 (P)' },
  live: { en: 'Live', zh: '直播' },
  factProtocol: { en: 'Protocol', zh: '协议' },
  factPicture: { en: 'Picture', zh: '画面' },
  factRate: { en: 'Frame rate', zh: '帧率' },
  factBitrate: { en: 'Bitrate', zh: '码率' },
  factDelay: { en: 'Delay', zh: '延迟' },
  delayHelp: { en: 'How is the delay measured?', zh: '延迟是如何测量的？' },
  delayFlv: {
    en: 'From the server to the screen. FLV carries no clock, so the page adds up what it can see: buffered video, data queued on the way, and half a round trip. The encoder and the way to the server are not included.',
    zh: '从服务器到屏幕的延迟。FLV 不携带时钟，因此只计入网页可见的部分：画面之前的缓冲、传输途中的积压以及半个往返时间。编码与推流到服务器的时间不在其中。',
  },
  delayWebrtc: {
    en: 'From the server to the screen. Where the browser estimates playout time, it is compared with the clock in the server’s sender reports; elsewhere it is the jitter buffer, decoding and half a round trip. The encoder and the way to the server are not included.',
    zh: '从服务器到屏幕的延迟：浏览器能估算播放时刻时，按服务器发送报告中的时钟计算，否则为抖动缓冲、解码与半个往返时间之和。编码与推流到服务器的时间不在其中。',
  },
  partBuffer: { en: 'Buffered', zh: '缓冲' },
  partLag: { en: 'Queued on the way', zh: '途中积压' },
  partNetwork: { en: 'Half a round trip', zh: '半个往返' },
  partDecoding: { en: 'Decoding', zh: '解码' },
  partWhole: { en: 'Server to screen', zh: '服务器到屏幕' },
  addresses: { en: 'Play this stream elsewhere', zh: '在其他播放器中播放' },
  copy: { en: 'Copy', zh: '复制' },
  copied: { en: 'Copied', zh: '已复制' },
  goLive: { en: 'Go live', zh: '开播' },
  backToWatching: { en: 'Back to watching', zh: '返回观看' },
  studio: { en: 'Preview', zh: '预览' },
  onAir: { en: 'On air', zh: '直播中' },
  onAirAs: { en: 'On air as {stream}', zh: '正在直播 {stream}' },
  source: { en: 'Picture', zh: '画面' },
  camera: { en: 'Camera', zh: '摄像头' },
  screen: { en: 'Screen', zh: '屏幕' },
  microphone: { en: 'Microphone', zh: '麦克风' },
  cameraNumber: { en: 'Camera {number}', zh: '摄像头 {number}' },
  microphoneNumber: { en: 'Microphone {number}', zh: '麦克风 {number}' },
  stopLive: { en: 'Stop', zh: '停止直播' },
  microphoneOff: { en: 'Mute the microphone', zh: '关闭麦克风' },
  microphoneOn: { en: 'Unmute the microphone', zh: '打开麦克风' },
  cameraOff: { en: 'Hide the picture', zh: '关闭画面' },
  cameraOn: { en: 'Show the picture', zh: '打开画面' },
  noPicture: { en: 'sound only', zh: '仅音频' },
  pictureHidden: { en: 'picture hidden', zh: '画面已关闭' },
  watchAt: { en: 'Watch at', zh: '观看地址' },
  copyLink: { en: 'Copy the address', zh: '复制地址' },
  chooseSource: { en: 'Choose your camera or your screen.', zh: '请选择摄像头或屏幕。' },
  chooseSourceMore: { en: 'Nobody sees it before you go live.', zh: '开播之前没有人能看到。' },
  asking: { en: 'The browser is asking for permission…', zh: '浏览器正在请求权限…' },
  goingLive: { en: 'Connecting…', zh: '正在连接…' },
  comingBack: {
    en: 'Connection lost. Reconnecting as {stream}…',
    zh: '连接已断开，正在以 {stream} 重新连接…',
  },
  noWayYet: {
    en: 'Cannot connect to the server. Retrying…',
    zh: '无法与服务器建立连接，正在重试…',
  },
  noWayMore: {
    en: 'A firewall may block WebRTC. Open the server’s UDP port, or the same port for TCP.',
    zh: '可能是防火墙阻止了 WebRTC：请开放服务器的 UDP 端口或同号 TCP 端口。',
  },
  nameHeld: {
    en: 'The server still holds {stream} for the lost connection. Retrying…',
    zh: '服务器仍为断开的连接保留 {stream}，正在重试…',
  },
  captureInsecure: {
    en: 'Browsers block camera, microphone and screen on pages opened over http://.',
    zh: '此页面通过不加密的 HTTP 打开，浏览器因此禁用摄像头、麦克风和屏幕。',
  },
  captureInsecureMore: {
    en: 'Open the page over https://, or as http://localhost on the server itself.',
    zh: '请通过 https:// 打开（服务器可配置证书），或在服务器本机用 http://localhost 打开。',
  },
  captureDenied: {
    en: 'Access was denied by you or your system.',
    zh: '您或系统未授予权限。',
  },
  captureDeniedMore: {
    en: 'Allow it for this page next to the address, then choose camera or screen again.',
    zh: '请在地址栏旁为此页面授予权限，然后重新选择摄像头或屏幕。',
  },
  captureNone: { en: 'No camera and no microphone were found.', zh: '未找到摄像头或麦克风。' },
  captureNoneMore: {
    en: 'Plug one in and choose again, or share the screen.',
    zh: '请接入设备后重新选择，或共享屏幕。',
  },
  captureInUse: { en: 'The device does not respond.', zh: '设备无响应。' },
  captureInUseMore: {
    en: 'Another program may be using it. Close that program and choose again.',
    zh: '可能正被其他程序占用：请关闭该程序后重新选择。',
  },
  captureNoScreen: { en: 'This browser cannot share the screen.', zh: '此浏览器无法共享屏幕。' },
  captureNoScreenMore: {
    en: 'Desktop browsers can. You can use the camera here.',
    zh: '电脑上的浏览器可以；此处可使用摄像头。',
  },
  sharingEnded: { en: 'Screen sharing has ended.', zh: '屏幕共享已结束。' },
  liveRefused: { en: 'You are not allowed to publish this stream.', zh: '服务器拒绝发布此直播流。' },
  liveBusy: { en: '{stream} is already live.', zh: '{stream} 已有人在直播。' },
  liveBusyMore: { en: 'Choose another name, or wait until this one is free.', zh: '请换一个名称，或等待其空闲。' },
  liveUnavailable: { en: 'The server does not offer WebRTC.', zh: '服务器未提供 WebRTC。' },
  liveUnsupported: {
    en: 'This browser does not support WebRTC. Please use a current Chrome, Edge, Firefox or Safari.',
    zh: '此浏览器不支持 WebRTC。请使用新版 Chrome、Edge、Firefox 或 Safari。',
  },
  liveRejected: {
    en: 'The server does not support what this browser offers.',
    zh: '服务器无法使用此浏览器提供的内容。',
  },
  liveEnded: { en: 'The server ended the session.', zh: '服务器结束了本次直播。' },
  liveEndedMore: {
    en: 'An administrator ended it, someone took over the name with the same token, or nothing was sent for a while.',
    zh: '可能是管理员操作、有人用同一令牌以此名称开播，或一段时间内没有发送内容。',
  },
  factSent: { en: 'Sent by', zh: '发送方式' },
  factRoundTrip: { en: 'Round trip', zh: '往返时间' },
  factLost: { en: 'Lost', zh: '丢包' },
  codecsSent: { en: 'Codecs: {codecs}', zh: '编码：{codecs}' },
  limitedCpu: { en: 'Limited by the speed of this device.', zh: '设备性能限制了画质。' },
  limitedBandwidth: { en: 'Limited by the network.', zh: '网络带宽限制了画质。' },
  limitedOther: { en: 'Limited by the browser.', zh: '浏览器限制了画质。' },
  copyAddress: { en: 'Copy the {protocol} address', zh: '复制 {protocol} 地址' },
} as const satisfies Record<string, Record<Language, string>>

export type TextKey = keyof typeof TEXTS

let language: Language = 'en'

/** The text in the current language. */
export function text(key: TextKey, values: Values = {}): string {
  return fill(TEXTS[key][language], values)
}

export function currentLanguage(): Language {
  return language
}

/**
 * Switches to `next`: texts of elements with `data-text`, labels and tooltips of elements with `data-label`. Scripts
 * write their own texts again.
 */
export function speak(next: Language, root: Document = document): void {
  language = next
  root.documentElement.lang = tagOf(next)
  for (const element of root.querySelectorAll<HTMLElement>('[data-text]')) {
    element.textContent = text(element.dataset['text'] as TextKey)
  }
  for (const element of root.querySelectorAll<HTMLElement>('[data-label]')) {
    setLabel(element, element.dataset['label'] as TextKey)
  }
}

/** Names a control for screen readers and for the mouse. */
export function setLabel(element: HTMLElement, key: TextKey): void {
  element.dataset['label'] = key
  element.setAttribute('aria-label', text(key))
  if (element instanceof HTMLButtonElement) element.title = text(key)
}
