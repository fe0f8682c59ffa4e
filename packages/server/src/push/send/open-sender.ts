import type { Clock } from '../../hub/index.js'
import type { JobNetwork } from '../../jobs/index.js'
import type { PushChildren } from '../children/push-children.js'
import type { OpenSender } from '../sender.js'
import { ChildSender } from './child.js'
import type { WhipDoor } from './whip-door.js'
import { RtmpSender } from './rtmp.js'

export interface SenderServices {
  readonly clock: Clock
  readonly network: JobNetwork
  /** Where `/forwards` may go. */
  readonly forwardNetwork: JobNetwork
  readonly children: PushChildren
  readonly door: WhipDoor
}

/** RTMP is sent here; everything else by push children. */
export function senderOpener({ clock, network, forwardNetwork, children, door }: SenderServices): OpenSender {
  return (options, handlers) => {
    const { address, isForward } = options
    const by = isForward ? forwardNetwork : network
    if (address.kind === 'rtmp') return new RtmpSender(by, clock, options, handlers)
    return new ChildSender({ clock, network: by, children, door }, options, handlers)
  }
}
