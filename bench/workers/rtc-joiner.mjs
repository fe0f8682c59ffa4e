// Joins by WHEP, one player after the other, as a browser does: POST, connect, whole frames.
import { createHmac } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { NativeEngine, srtpOutboundForTest } from '@crossroom/native'
import { WhepClient } from '@crossroom/testkit'
import { nowMs } from '../lib/source.mjs'
import { options, serve } from '../lib/worker.mjs'

const engine = new NativeEngine()
const WATCH_MS = 1100

/** One player: times in milliseconds after the POST, and the stamp of what it shows a second after the first frame. */
async function play({ name = 'x0' }) {
  let firstAt
  let shown
  const client = await WhepClient.start({
    url: `http://127.0.0.1:${options.port}/whep/live/${name}`,
    hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
    dtls: engine.dtls,
    createInbound: (keys) => engine.srtp.createInbound(keys),
    createOutbound: srtpOutboundForTest,
    receive: 'frames',
    onEvent: (event) => {
      if (event.kind !== 'frame' || event.frame.config.kind !== 'video') return
      const now = nowMs()
      firstAt ??= now
      if (now - firstAt < 1000 || shown !== undefined) return
      const last = event.frame.units.at(-1)
      const stampMs = new DataView(last.buffer, last.byteOffset + last.length - 8).getFloat64(0)
      shown = { behindMs: now - stampMs }
    },
  })
  await sleep(WATCH_MS)
  await client.close()
  return { connected: client.times.connected / 1000, keyframe: client.times.firstKeyframe / 1000, ...shown }
}

serve({}, { play })
