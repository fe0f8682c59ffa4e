// The stream of the benchmarks: 1 Mbit/s H.264 720p25, GOP 2 s, AAC 64 kbit/s; made once by ffmpeg, then replayed.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { FlvStreamReader } from '@crossroom/media'

const FILE = new URL('../results/tmp/source.flv', import.meta.url)
const SECONDS = 20

/** The tags of the source: `{type, timestampMs, body}`, script data first, then the two sequence headers and frames. */
export function loadSource() {
  if (!existsSync(FILE)) makeSource()
  const tags = []
  const reader = new FlvStreamReader()
  reader.handleInput(readFileSync(FILE))
  for (let tag = reader.pollTag(); tag !== undefined; tag = reader.pollTag()) tags.push({ ...tag, body: Uint8Array.from(tag.body) })
  const isHeader = (tag) => tag.type === 18 || (tag.type === 9 && tag.body[1] === 0) || (tag.type === 8 && tag.body[1] === 0)
  return { headers: tags.filter(isHeader), frames: tags.filter((tag) => !isHeader(tag)), durationMs: SECONDS * 1000 }
}

function makeSource() {
  mkdirSync(new URL('.', FILE), { recursive: true })
  const video = 'testsrc2=size=1280x720:rate=25'
  const coder = '-c:v libx264 -preset veryfast -tune zerolatency -b:v 1M -minrate 1M -maxrate 1M -bufsize 1M -g 50 -keyint_min 50 -sc_threshold 0 -x264-params nal-hrd=cbr'
  execFileSync(
    'ffmpeg',
    [
      ...['-v', 'error', '-y', '-f', 'lavfi', '-i', video, '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'],
      ...[...coder.split(' '), '-c:a', 'aac', '-b:a', '64k', '-ac', '2', '-t', String(SECONDS), '-f', 'flv', FILE.pathname],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
}

/** The moment on the clock that all processes of a machine share, in milliseconds. */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6

/** Writes the time of sending over the last 8 bytes of a frame: coded data, which the server does not look at. */
export function stampFrame(body) {
  new DataView(body.buffer, body.byteOffset + body.length - 8).setFloat64(0, nowMs())
}
