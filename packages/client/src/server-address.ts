import { CrossroomError } from './errors.js'

let loadedFrom: string | undefined

/** Says where this SDK came from: the server that `Crossroom.create()` means when it names none. */
export function setLoadedFrom(scriptUrl: string): void {
  if (/^https?:/.test(scriptUrl)) loadedFrom = new URL(scriptUrl).origin
}

/** `ws(s)://HOST/signal` of a server given by its origin. Throws `INVALID_ARGUMENT`. */
export function signalUrl(server: string | undefined): string {
  const address = server ?? loadedFrom ?? globalThis.location.origin
  const url = parsed(address)
  if (url === undefined || !/^(?:https?|wss?):$/.test(url.protocol)) {
    throw new CrossroomError('INVALID_ARGUMENT', 'The server must be given as https://HOST or https://HOST:PORT.')
  }
  url.protocol = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:'
  return url.href
}

/** `URL.canParse` came to Safari with version 17. */
function parsed(address: string): URL | undefined {
  try {
    return new URL('/signal', address)
  } catch {
    return undefined
  }
}
