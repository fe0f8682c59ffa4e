// Publishes the source in real time to `count` streams by WHIP, at `path` with a number.
import { loadPayloads, RtcPublisher } from '../lib/rtc-publisher.mjs'
import { nowMs } from '../lib/source.mjs'
import { options, serve } from '../lib/worker.mjs'

const { port, count = 1, path = 'whip/live/x' } = options
const GOP_MS = 2000
const AT_A_TIME = 10
const payloads = loadPayloads()
const publishers = Array.from(
  { length: count },
  (_, i) => new RtcPublisher(`http://127.0.0.1:${port}/${path}${i}`, payloads),
)
for (let i = 0; i < count; i += AT_A_TIME)
  await Promise.all(publishers.slice(i, i + AT_A_TIME).map((publisher) => publisher.join()))
const startedAt = nowMs()
setInterval(() => {
  const playedMs = nowMs() - startedAt
  // Neither their keyframes nor their pictures come at the same moment.
  publishers.forEach((publisher, i) => publisher.sendUntil(playedMs - (i * GOP_MS) / count))
}, 1)

serve(
  {},
  {
    /** Packets sent since the last time. */
    take: () => {
      const packets = publishers.reduce((sum, publisher) => sum + publisher.packets, 0)
      for (const publisher of publishers) publisher.packets = 0
      return { packets }
    },
  },
)
