import { setTimeout as delay } from 'node:timers/promises'
import { systemClock } from '../net/index.js'
import { silentLog } from '../observe/index.js'
import { childSpawner, Transcoder } from '../transcode/index.js'
import type { Finding } from '../endpoints/index.js'

/** How long the codec process may take to say which engine it has. */
const ENGINE_TIMEOUT_MS = 10_000
const ENGINE_POLL_MS = 50

/** Which engine converts sound and pictures: started as the server starts it, asked, and ended. */
export async function checkCodecs(): Promise<Finding> {
  const transcoder = new Transcoder({ clock: systemClock, log: silentLog, spawn: childSpawner({ log: silentLog }) })
  transcoder.start()
  try {
    for (let waited = 0; waited < ENGINE_TIMEOUT_MS; waited += ENGINE_POLL_MS) {
      const lane = transcoder.lanes.find((entry) => entry.lane === 'audio')
      if (lane?.engine !== undefined) return { check: 'codecs', state: 'ok', message: `Conversions by ${lane.engine}.` }
      if (lane?.state === 'off') break
      await delay(ENGINE_POLL_MS)
    }
    const reasons = transcoder.lanes.flatMap((lane) => lane.reasons)
    const why = reasons.length === 0 ? 'the codec process did not answer' : [...new Set(reasons)].join(' ')
    const effect = 'browsers hear no AAC, players of FLV no Opus'
    return { check: 'codecs', state: 'warn', message: `No codec engine (${why}): ${effect}. Install ffmpeg.` }
  } finally {
    transcoder.close()
  }
}
