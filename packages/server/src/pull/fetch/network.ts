import type { Clock } from '../../hub/index.js'
import { JobNetwork, type Targets } from '../../jobs/index.js'
import type { SocketWatch } from '../../net/index.js'

/** Connects to sources. */
export class FetchNetwork extends JobNetwork {
  readonly clock: Clock

  constructor(clock: Clock, targets: Targets, sockets: SocketWatch) {
    super(targets, sockets, 'pull')
    this.clock = clock
  }
}
