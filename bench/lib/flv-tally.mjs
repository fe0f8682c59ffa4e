// An HTTP-FLV player that counts what comes, and keeps the sound.
import { spawnSync } from 'node:child_process'
import { get } from 'node:http'
import { FlvStreamReader } from '@crossroom/media'

const VIDEO = 9
const AUDIO = 8
const SAMPLE_RATE = 48_000

/** Counts video frames; `sound(from)` says which part of the sound since byte `from` is the tone of 440 Hz. */
export function tallyFlv(url) {
  const reader = new FlvStreamReader()
  const pieces = []
  const tally = {
    videoFrames: 0,
    bytes: 0,
    close: () => request.destroy(),
    audible: (from) => audibleShare(Buffer.concat(pieces), from),
    seconds: 0,
    /** Milliseconds since 1970. */
    firstVideoAt: undefined,
    firstAudioAt: undefined,
  }
  const request = get(url, { agent: false }, (response) => {
    response.on('error', () => undefined)
    response.on('data', (bytes) => {
      pieces.push(bytes)
      tally.bytes += bytes.length
      reader.handleInput(bytes)
      for (let tag = reader.pollTag(); tag !== undefined; tag = reader.pollTag()) {
        if (tag.body[1] === 1) {
          if (tag.type === VIDEO) {
            tally.videoFrames++
            tally.firstVideoAt ??= Date.now()
          } else if (tag.type === AUDIO) tally.firstAudioAt ??= Date.now()
        }
        tally.seconds = tag.timestampMs / 1000
      }
    })
  })
  request.on('error', () => undefined)
  return tally
}

/** The share of 20 ms pieces, from second `from` on, that are not silent. */
function audibleShare(flv, from) {
  const { stdout } = spawnSync(
    'ffmpeg',
    ['-v', 'quiet', '-f', 'flv', '-i', 'pipe:0', '-map', '0:a', '-ac', '1', '-f', 'f32le', 'pipe:1'],
    { input: flv, maxBuffer: 2 ** 30 },
  )
  const samples = new Float32Array(Uint8Array.from(stdout).buffer, 0, stdout.length >> 2)
  const piece = SAMPLE_RATE / 50
  let [heard, all] = [0, 0]
  for (let at = Math.floor(from * SAMPLE_RATE); at + piece <= samples.length; at += piece) {
    const level = samples.subarray(at, at + piece).reduce((sum, sample) => sum + sample * sample, 0) / piece
    if (Math.sqrt(level) > 0.05) heard++
    all++
  }
  return heard / all
}
