// Plays one stream from two nodes at the same time: how much later each frame comes from the second.
import { connect } from 'node:net'
import { FlvCounter } from '../lib/flv-counter.mjs'
import { nowMs } from '../lib/source.mjs'
import { options, serve } from '../lib/worker.mjs'

const { near, far, path = '/live/x0' } = options
/** When a frame came from the near node, by its stamp. */
const came = new Map()
let late = []
let isMeasuring = false

/** `take` is told the stamp of every frame. */
function play(port, take) {
  const socket = connect({ host: '127.0.0.1', port })
  const counter = new FlvCounter({ video: () => {}, audio: () => {}, sample: (_isVideo, stamp) => take(stamp) }, true)
  let head = ''
  socket.on('connect', () => socket.write(`GET ${path}.flv HTTP/1.1\r\nHost: localhost\r\n\r\n`))
  socket.on('data', (bytes) => {
    if (head === undefined) return counter.read(bytes)
    const before = head.length
    head += bytes.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    if (!head.startsWith('HTTP/1.1 200')) throw new Error(head.slice(0, end))
    head = undefined
    return counter.read(bytes.subarray(end + 4 - before))
  })
}

play(near, (stamp) => isMeasuring && came.set(stamp, nowMs()))
play(far, (stamp) => {
  const at = came.get(stamp)
  if (at === undefined) return
  came.delete(stamp)
  late.push(nowMs() - at)
})
serve(
  {},
  {
    begin: () => {
      came.clear()
      late = []
      isMeasuring = true
    },
    end: () => {
      isMeasuring = false
      return { late, missing: came.size }
    },
  },
)
