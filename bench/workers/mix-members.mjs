// One room of members who push AAC by RTMP and play the mix of the others by HTTP-FLV.
import { execFileSync } from 'node:child_process'
import { createHmac, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ADTS_HEADER_LENGTH,
  Driver,
  FlvStreamReader,
  FlvTagReader,
  isAudioFrame,
  writeAdtsHeader,
} from '@crossroom/media'
import { parseRtmpUrl, RtmpClientSession } from '@crossroom/rtmp'
import { nodeClock } from '@crossroom/testkit'
import { RoomMember } from '../lib/room-member.mjs'
import { nowMs } from '../lib/source.mjs'
import { options, serve } from '../lib/worker.mjs'

const { port, count = 8, talk = 'turns' } = options
const AUDIO = 8
const RATE = 48_000
const SAMPLES_PER_FRAME = 1024
/** Sources repeat after this: a whole number of AAC frames and of bursts. */
const CYCLE_SECONDS = 8
/** Of those who talk in bursts: half a second apart, a tenth long. */
const BURST_EVERY_MS = 500
const LOUD = 0.05

/** When member `i` is heard, as a condition of ffmpeg's expressions. */
const TALKS = {
  // Two at a time, as in a lively conversation.
  turns: (i) => `between(mod(t-${i}+${CYCLE_SECONDS},${CYCLE_SECONDS}),0,2)`,
  all: () => '1',
  bursts: (i) => (i === 0 ? 'lt(mod(t,0.5),0.1)' : '0'),
}

function ffmpeg(args, input) {
  return execFileSync('ffmpeg', ['-v', 'error', '-nostdin', ...args], { input, maxBuffer: 1 << 28 })
}

/** The tags of one member's sound: its sequence header, and the frames of one cycle. */
function soundOf(i) {
  const wave = `(0.2*sin(2*PI*${220 + 110 * i}*t)+0.05*(random(0)-0.5))*${TALKS[talk](i)}`
  const input = ['-f', 'lavfi', '-i', `aevalsrc='${wave}':s=${RATE}`, '-t', String(CYCLE_SECONDS + 1)]
  const file = ffmpeg([...input, '-c:a', 'aac', '-b:a', '64k', '-ac', '1', '-f', 'flv', '-'])
  const reader = new FlvStreamReader()
  reader.handleInput(file)
  const bodies = []
  for (let tag = reader.pollTag(); tag !== undefined; tag = reader.pollTag())
    if (tag.type === AUDIO) bodies.push(Uint8Array.from(tag.body))
  const frames = (CYCLE_SECONDS * RATE) / SAMPLES_PER_FRAME
  return { header: bodies[0], frames: bodies.slice(1, 1 + frames) }
}

class Member {
  signaling = new RoomMember(port)
  /** When each frame was sent, and each frame of the mix came, in milliseconds. */
  sentAt = []
  heard = []
  #sound
  #session
  #driver
  #socket
  #player

  constructor(i) {
    this.userId = `member${i}`
    this.#sound = soundOf(i)
  }

  async enter() {
    const { push } = await this.signaling.enter({ roomId: 'mix', userId: this.userId })
    const url = parseRtmpUrl(push.rtmp)
    this.#socket = connect({ host: '127.0.0.1', port: Number(new URL(push.rtmp).port), noDelay: true })
    await new Promise((resolve, reject) => {
      this.#socket.on('error', reject)
      this.#socket.once('close', () => reject(new Error('The server closed the push.')))
      this.#socket.once('connect', () => {
        this.#session = new RtmpClientSession({
          ...{ url, action: 'publish', handshake: 'simple' },
          randomBytes: (length) => randomBytes(length),
          hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest(),
        })
        this.#driver = new Driver(this.#session, nodeClock, {
          output: (bytes) => this.#socket.write(bytes),
          event: (event) => {
            if (event.type === 'publishing') resolve()
            if (event.type === 'refused') reject(new Error(event.description))
          },
        })
        this.#driver.drain()
      })
      this.#socket.on('data', (bytes) => this.#driver.handleInput(bytes))
    })
    this.#session.sendMedia(AUDIO, 0, this.#sound.header)
    this.#driver.drain()
  }

  /** Sends what is due. */
  sendUntil(playedMs) {
    for (;;) {
      const index = this.sentAt.length
      const timestampMs = Math.round((index * SAMPLES_PER_FRAME * 1000) / RATE)
      if (timestampMs > playedMs) return
      this.#session.sendMedia(AUDIO, timestampMs, this.#sound.frames[index % this.#sound.frames.length])
      this.#driver.drain()
      this.sentAt.push(nowMs())
    }
  }

  async listen() {
    const { play } = await this.signaling.request('media.mix', { audio: true, video: false, audioOf: 'all' })
    const { pathname } = new URL(play.flv)
    const file = new FlvStreamReader()
    const tags = new FlvTagReader()
    let head = ''
    this.#player = connect({ host: '127.0.0.1', port })
    this.#player.on('connect', () => this.#player.write(`GET ${pathname} HTTP/1.1\r\nHost: localhost\r\n\r\n`))
    this.#player.on('data', (bytes) => {
      let body = bytes
      if (head !== undefined) {
        const before = head.length
        head += bytes.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        body = bytes.subarray(end + 4 - before)
        head = undefined
      }
      file.handleInput(Uint8Array.from(body))
      const frames = []
      for (let tag = file.pollTag(); tag !== undefined; tag = file.pollTag())
        tags.readTag(tag.type, tag.timestampMs, tag.body, 0, frames)
      const at = nowMs()
      for (const frame of frames) this.heard.push({ frame, at })
    })
  }

  leave() {
    this.#player?.destroy()
  }
}

/** Samples of AAC in ADTS, from the first frame on. */
function decode(adts) {
  const bytes = ffmpeg(['-f', 'aac', '-i', '-', '-ac', '1', '-ar', String(RATE), '-f', 'f32le', '-'], adts)
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

function adtsOf(frames) {
  const parts = frames.map((frame) => {
    const bytes = frame.units[0]
    const out = Buffer.alloc(ADTS_HEADER_LENGTH + bytes.length)
    out.set(bytes, writeAdtsHeader(frame.config, bytes.length, out, 0))
    return out
  })
  return Buffer.concat(parts)
}

/** The frames in which a burst begins. */
function burstsIn(frames) {
  const samples = decode(adtsOf(frames))
  const bursts = []
  let quietSince = -Infinity
  for (let index = 0; index < samples.length; index++) {
    if (Math.abs(samples[index]) < LOUD) continue
    if (index - quietSince > (BURST_EVERY_MS / 5 / 1000) * RATE) bursts.push(Math.floor(index / SAMPLES_PER_FRAME))
    quietSince = index
  }
  return bursts
}

/** Milliseconds from the sending of the frame in which a burst begins to the coming of the frame in which it is heard. */
function delays(speaker, listener) {
  const config = listener.heard.find(({ frame }) => isAudioFrame(frame)).frame.config
  const source = soundOf(0).frames.map((body) => ({ config, units: [body.subarray(2)] }))
  const inCycle = burstsIn(source)
  const sent = speaker.sentAt.filter((_, index) => inCycle.includes(index % source.length))
  const heard = burstsIn(listener.heard.map(({ frame }) => frame)).map((index) => listener.heard[index].at)
  return heard.flatMap((at) => {
    const before = sent.filter((time) => time < at).at(-1)
    return before !== undefined && at - before < BURST_EVERY_MS / 2 ? [at - before] : []
  })
}

const members = Array.from({ length: count }, (_, i) => new Member(i))
for (const member of members) await member.enter()
const startedAt = nowMs()
setInterval(() => {
  // Encoders know nothing of each other: their frames do not come together.
  members.forEach((member, i) => member.sendUntil(nowMs() - startedAt - (i * 21) / count))
}, 1)

serve(
  { members: count },
  {
    listen: async () => {
      for (const member of members) await member.listen()
      await sleep(1000)
      return { heard: members.map(({ heard }) => heard.length) }
    },
    forget: () => {
      for (const member of members) member.heard.length = 0
      return {}
    },
    frames: () => ({ frames: members.reduce((sum, { heard }) => sum + heard.length, 0) }),
    delays: () => ({ delays: delays(members[0], members[1]) }),
    leave: async () => {
      for (const member of members) {
        member.leave()
        await member.signaling.leave()
      }
      return {}
    },
  },
)
