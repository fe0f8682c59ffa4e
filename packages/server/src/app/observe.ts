import { addTranscodeMetrics } from '../transcode/index.js'
import type { Core } from './core.js'

/** Adds what the parts themselves do not count to the metrics. */
export function observeCore({ connections, hooks, hub, metrics, transcoder }: Core): void {
  const lostHelp = 'on_unpublish notifications that were not delivered'
  metrics.addCounter('hook_lost_total', lostHelp, () => hooks?.lost ?? 0)
  addTranscodeMetrics(metrics, transcoder)
  metrics.watchStreams(() =>
    hub.list().map((stream) => {
      const viewers = connections.list(stream.key).filter((connection) => connection.role === 'viewer')
      const bytesOut = viewers.reduce((sum, viewer) => sum + viewer.bytes(), 0)
      return { key: stream.key, viewers: viewers.length, bytesIn: stream.bytesIn, bytesOut }
    }),
  )
}
