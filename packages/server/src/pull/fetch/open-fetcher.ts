import type { OpenFetcher } from '../fetcher.js'
import { FlvFetcher } from './flv.js'
import type { FetchNetwork } from './network.js'
import { RtmpFetcher } from './rtmp.js'

/** The fetcher of each kind of address. */
export function fetcherOpener(network: FetchNetwork): OpenFetcher {
  return (options, handlers) =>
    options.address.kind === 'rtmp'
      ? new RtmpFetcher(network, options, handlers)
      : new FlvFetcher(network, options, handlers)
}
