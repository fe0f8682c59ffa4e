// WebRTC players by WHEP, any number of them in one process.
import { RtcTally, RtcViewer } from '../lib/rtc-viewer.mjs'
import { options, serve } from '../lib/worker.mjs'

const AT_A_TIME = 20
const tally = new RtcTally()
const { port, ...kind } = options

serve(
  {},
  {
    /** `stream` plays one stream with all of them, `streams` a stream of its own with each. */
    join: async ({ count, stream = 'x0', streams }) => {
      for (let i = 0; i < count; i += AT_A_TIME) {
        const names = Array.from({ length: Math.min(AT_A_TIME, count - i) }, (_, k) => streams?.[i + k] ?? stream)
        const viewers = names.map((name) => new RtcViewer(tally, { ...kind, url: urlOf(name) }))
        await Promise.all(viewers.map((viewer) => viewer.join()))
      }
    },
    begin: () => tally.begin(),
    end: () => tally.end(),
  },
)

function urlOf(stream) {
  return `http://127.0.0.1:${port}/whep/live/${stream}`
}
