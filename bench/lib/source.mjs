// The stream of the benchmarks: 1 Mbit/s H.264 720p25, GOP 2 s, AAC 64 kbit/s; made once by ffmpeg, then replayed.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { FlvStreamReader } from '@crossroom/media'

const FILE = new URL('../results/tmp/source.flv', import.meta.url)
/** A whole number of GOPs and of AAC frames (48 000 / 1024 a second), so that the end joins the beginning without a seam. */
const SECONDS = 16
const VIDEO_FRAMES = SECONDS * 25
const AUDIO_FRAMES = (SECONDS * 48_000) / 1024
const VIDEO = 9
const AUDIO = 8
const SCRIPT = 18

/** Frames a second that a player of the source gets. */
export const FRAMES_PER_SECOND = (VIDEO_FRAMES + AUDIO_FRAMES) / SECONDS

/** The tags of the source as `{type, timestampMs, body}`: what comes before the frames, and the frames in their order. */
export function loadSource() {
  if (!existsSync(FILE)) makeSource()
  const tags = []
  const reader = new FlvStreamReader()
  reader.handleInput(readFileSync(FILE))
  for (let tag = reader.pollTag(); tag !== undefined; tag = reader.pollTag())
    tags.push({ ...tag, body: Uint8Array.from(tag.body) })
  const isHeader = ({ type, body }) => type === SCRIPT || body[1] === 0
  const frames = tags.filter((tag) => !isHeader(tag) && tag.body.length > 16)
  const video = frames.filter(({ type }) => type === VIDEO).slice(0, VIDEO_FRAMES)
  const audio = frames.filter(({ type }) => type === AUDIO).slice(0, AUDIO_FRAMES)
  if (video.length < VIDEO_FRAMES || audio.length < AUDIO_FRAMES)
    throw new Error(`${FILE.pathname} is too short: delete it, and it is made again.`)
  // Counted, not read: the time stamps of a file begin where the encoder's delay ends.
  video.forEach((tag, i) => (tag.timestampMs = i * 40))
  audio.forEach((tag, i) => (tag.timestampMs = Math.round((i * 1024_000) / 48_000)))
  const all = [...video, ...audio].sort((a, b) => a.timestampMs - b.timestampMs || b.type - a.type)
  return { headers: tags.filter((tag) => isHeader(tag)), frames: all, durationMs: SECONDS * 1000 }
}

function makeSource() {
  mkdirSync(new URL('.', FILE), { recursive: true })
  const video = 'testsrc2=size=1280x720:rate=25'
  const sound = 'sine=frequency=440:sample_rate=48000'
  const coder = '-c:v libx264 -preset veryfast -tune zerolatency -b:v 1M -minrate 1M -maxrate 1M -bufsize 1M'
  const keyframes = '-g 50 -keyint_min 50 -sc_threshold 0 -x264-params nal-hrd=cbr'
  const output = `-c:a aac -b:a 64k -ac 2 -t ${SECONDS + 1} -f flv`
  execFileSync(
    'ffmpeg',
    [
      ...['-v', 'error', '-y', '-f', 'lavfi', '-i', video, '-f', 'lavfi', '-i', sound],
      ...[...coder.split(' '), ...keyframes.split(' '), ...output.split(' '), FILE.pathname],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
}

/** Now on the clock that all processes of a machine share, in milliseconds. */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6

/** Writes the time of sending over the last 8 bytes of a frame: coded data, which the server does not look at. */
export function stampFrame(body) {
  new DataView(body.buffer, body.byteOffset + body.length - 8).setFloat64(0, nowMs())
}
