/**
 * What tests with real programs are made of: the built server as its own process, ffmpeg that pushes, ffprobe that reads
 * back, and a picture that carries the time it was made.
 */
export { run, start, type Finished, type RunningProcess } from './process.js'
export { until, type UntilOptions } from './until.js'
export { freeTcpPort, startNginxRtmp, type NginxRtmp } from './nginx-rtmp.js'
export { startCamera, type CameraOptions, type RtspCamera } from './rtsp-camera.js'
export { OnvifCamera, type OnvifOptions } from './onvif-camera.js'
export { makeAccessUnits, ScriptedCamera } from './scripted-camera.js'
export { COMMAND, startServer, TEST_API_KEY, type TestServer, type TestServerOptions } from './server.js'
export { AAC, LOW_DELAY, X264_DEFAULTS, pushClip, pushFfmpeg, type ClipPush, type FfmpegPush } from './push.js'
export { makeClip, pictureOf, readClip, temporaryPath, toneOf, type Clip, type ClipOptions } from './clip.js'
export {
  configsOf,
  fingerprints,
  flvFileOf,
  hashOf,
  mediaOf,
  tagsOf,
  timesAreSound,
  type MediaTag,
} from './flv-media.js'
export { watchHttpFlv, watchWsFlv, type FlvViewer } from './flv-viewer.js'
export { playRtmp, publishRtmp, RtmpPeer } from './rtmp-peer.js'
export { playTags, type Played } from './round-trip.js'
export {
  connectionsOf,
  endStream,
  rest,
  untilStream,
  untilViewers,
  WITH_KEY,
  type ListedConnection,
  type ListedStream,
  endPulls,
} from './rest.js'
export { pushClock, type ClockPush } from './push-clock.js'
export { pushTags, type TagPush } from './push-tags.js'
export { measureLipSync } from './lip-sync.js'
export * from './hls-page.js'
export { openLivePage, type LivePage } from './live-page.js'
export { probe, type Probed, type ProbedPacket, type ProbedTrack, type ProbeOptions } from './probe.js'
export { clockAge, clockBits, clockOfBits, clockPicture } from './clock-picture.js'
export {
  launchChromium,
  openPage,
  readDelay,
  readPlayback,
  readStart,
  untilDelayBelow,
  untilHeard,
  untilPlays,
  untilSound,
  watchStart,
  type Playback,
  type ScriptedPage,
  type Tone,
} from './browser.js'
