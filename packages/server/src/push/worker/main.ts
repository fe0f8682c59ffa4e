import { pushLimits } from '../../config/limits.js'
import { runWorker } from '../../jobs/worker/run-worker.js'
import { PushHost } from './host.js'
import { PUSH_MESSAGE } from './orders.js'

/** A push child: FFmpeg's muxers behind a pipe. */
void runWorker({
  ready: PUSH_MESSAGE.ready,
  queueBytes: pushLimits.waitingBytes,
  open: (library, pipe) => new PushHost(library, pipe).handleMessage,
})
