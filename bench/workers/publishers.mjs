// Publishes the source in real time to `count` streams over RTMP, each picture stamped with its time of sending. Sound is
// stamped as well unless it is `decoded` by the server: a stamp lies over coded data.
import { createHmac, randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { Driver } from '@crossroom/media'
import { parseRtmpUrl, RtmpClientSession } from '@crossroom/rtmp'
import { nodeClock } from '@crossroom/testkit'
import { loadSource, nowMs, stampFrame } from '../lib/source.mjs'
import { options, serve } from '../lib/worker.mjs'

const { port, count = 1, app = 'live', prefix = 'x', decoded = false } = options
const VIDEO = 9
const GOP_MS = 2000
const AT_A_TIME = 20
const source = loadSource()

class Publisher {
  #session
  #driver
  #socket
  #next = 0
  #loop = 0

  /** Resolves once the server has agreed. */
  async start(name) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await new Promise((resolve, reject) => {
      this.#socket.on('error', reject)
      this.#socket.once('close', () => reject(new Error('The server closed the connection.')))
      this.#socket.once('connect', () => {
        this.#session = new RtmpClientSession({
          url: parseRtmpUrl(`rtmp://127.0.0.1:${port}/${app}/${name}`),
          action: 'publish',
          handshake: 'simple',
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
    for (const tag of source.headers) this.#session.sendMedia(tag.type, 0, tag.body)
    this.#driver.drain()
  }

  /** Sends what is due `playedMs` after the beginning. */
  sendUntil(playedMs) {
    for (;;) {
      const tag = source.frames[this.#next]
      const timestampMs = tag.timestampMs + this.#loop * source.durationMs
      if (timestampMs > playedMs) return
      if (tag.type === VIDEO || !decoded) stampFrame(tag.body)
      this.#session.sendMedia(tag.type, timestampMs, tag.body)
      this.#driver.drain()
      this.#next = (this.#next + 1) % source.frames.length
      if (this.#next === 0) this.#loop++
    }
  }
}

const publishers = Array.from({ length: count }, () => new Publisher())
for (let i = 0; i < count; i += AT_A_TIME)
  await Promise.all(publishers.slice(i, i + AT_A_TIME).map((publisher, k) => publisher.start(`${prefix}${i + k}`)))
const startedAt = nowMs()
setInterval(() => {
  const playedMs = nowMs() - startedAt
  // Their keyframes are spread over a GOP, as those of publishers that know nothing of each other.
  publishers.forEach((publisher, i) => publisher.sendUntil(playedMs - (i * GOP_MS) / count))
}, 1)
serve({ publishing: count })
