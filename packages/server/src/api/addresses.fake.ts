import { rtmpOrigins } from '../endpoints/rtmp/origins.js'
import type { AddressOptions } from '../net/index.js'

/** The addresses of a server whose RTMP port is this one, as its protocols write them. */
export function addressesAt(rtmp: number): AddressOptions {
  return {
    publicUrl: undefined,
    encoders: (reached) => rtmpOrigins(reached, { rtmp, rtmps: undefined }),
    play: (origins, name) => ({
      rtmp: `${origins.rtmp}/${name}`,
      flv: `${origins.http}/${name}.flv`,
      wsFlv: `${origins.ws}/${name}.flv`,
      whep: `${origins.http}/whep/${name}`,
    }),
  }
}
