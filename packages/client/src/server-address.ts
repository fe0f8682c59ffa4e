import { CrossroomError } from './errors.js'

let loadedFrom: string | undefined

/** Says where this SDK came from: the server that `Crossroom.create()` means when it names none. */
export function setLoadedFrom(scriptUrl: string): void {
  if (/^https?:/.test(scriptUrl)) loadedFrom = new URL(scriptUrl).origin
}

/** `ws(s)://HOST/signal` of every given origin, or of the default one. Throws `INVALID_ARGUMENT`. */
export function signalUrls(server: string | readonly string[] | undefined): string[] {
  const servers = Array.isArray(server) ? (server as readonly string[]) : [server as string | undefined]
  return servers.map((each) => `${serverOrigin(each).replace(/^http/, 'ws')}/signal`)
}

/** `http(s)://HOST` of a server, or of the default one. Throws `INVALID_ARGUMENT`. */
export function serverOrigin(server: string | undefined): string {
  const url = parsed(server ?? loadedFrom ?? globalThis.location.origin)
  if (url === undefined || !/^(?:https?|wss?):$/.test(url.protocol)) {
    throw new CrossroomError('INVALID_ARGUMENT', 'The server must be given as https://HOST or https://HOST:PORT.')
  }
  return `${url.protocol.replace('ws', 'http')}//${url.host}`
}

/** `URL.canParse` came to Safari with version 17. */
function parsed(address: string): URL | undefined {
  try {
    return new URL(address)
  } catch {
    return undefined
  }
}
