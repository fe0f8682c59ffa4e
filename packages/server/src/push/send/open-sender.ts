import type { Clock } from '../../hub/index.js'
import type { JobNetwork } from '../../jobs/index.js'
import type { OpenSender } from '../sender.js'
import { RtmpSender } from './rtmp.js'

export interface SenderServices {
  readonly clock: Clock
  readonly network: JobNetwork
  /** Where `/forwards` may go. */
  readonly forwardNetwork: JobNetwork
}

/** Chooses the sender for the scheme of an address. */
export function senderOpener({ clock, network, forwardNetwork }: SenderServices): OpenSender {
  return (options, handlers) => new RtmpSender(options.isForward ? forwardNetwork : network, clock, options, handlers)
}
