/**
 * What tests with real programs are made of: the built server as its own process, ffmpeg that pushes, ffprobe that reads
 * back, and a picture that carries the time it was made.
 */
export { run, start, type Finished, type RunningProcess } from './process.js'
export { until, type UntilOptions } from './until.js'
export { startServer, type TestServer, type TestServerOptions } from './server.js'
export { AAC, LOW_DELAY, X264_DEFAULTS, pushFfmpeg, type FfmpegPush } from './push.js'
export { pushClock, type ClockPush } from './push-clock.js'
export { openLivePage, type LivePage } from './live-page.js'
export { probe, type Probed, type ProbedPacket, type ProbedTrack, type ProbeOptions } from './probe.js'
export { clockAge, clockBits, clockOfBits, clockPicture } from './clock-picture.js'
export {
  launchChromium,
  openPage,
  readDelay,
  readPlayback,
  untilHeard,
  untilPlays,
  type Playback,
  type Tone,
} from './browser.js'
