// Plays streams of `rtsp-cameras` over HTTP-FLV, and notes how late each picture is.
import { get } from 'node:http'
import { agesIn } from '../lib/stamp.mjs'
import { options, serve } from '../lib/worker.mjs'

let late
for (const url of options.urls)
  get(url, (response) => response.on('data', (bytes) => late?.push(...agesIn(bytes)))).on('error', (error) => {
    throw error
  })

serve(
  {},
  {
    begin: () => void (late = []),
    end: () => {
      const all = late
      late = undefined
      return { late: all }
    },
  },
)
