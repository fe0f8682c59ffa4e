import type { IceServer } from '@crossroom/protocol'

/** The server's list in the shape the browser takes. */
export function browserIceServers(servers: readonly IceServer[]): RTCIceServer[] {
  return servers.map(({ urls, ...rest }) => ({ urls: [...urls], ...rest }))
}
