import { pullLimits } from '../../config/limits.js'
import { runWorker } from '../../jobs/worker/run-worker.js'
import { PullHost } from './host.js'
import { PULL_MESSAGE } from './orders.js'

/** A pull child: FFmpeg's demuxers behind a pipe. */
void runWorker({
  ready: PULL_MESSAGE.ready,
  queueBytes: pullLimits.childQueueBytes,
  open: (library, pipe) => new PullHost(library, pipe).handleMessage,
})
