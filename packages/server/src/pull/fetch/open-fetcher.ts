import type { OpenFetcher } from '../fetcher.js'
import { FlvFetcher } from './flv.js'
import type { FetchNetwork } from './network.js'
import { RtmpFetcher } from './rtmp.js'

/** RTMP and FLV are read here; everything else by `children`. */
export function fetcherOpener(network: FetchNetwork, children: OpenFetcher): OpenFetcher {
  return (options, handlers) => {
    switch (options.address.kind) {
      case 'rtmp':
        return new RtmpFetcher(network, options, handlers)
      case 'flv':
      case 'ws-flv':
        return new FlvFetcher(network, options, handlers)
      default:
        return children(options, handlers)
    }
  }
}
