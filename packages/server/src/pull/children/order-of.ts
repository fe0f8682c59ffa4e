import { realpath, stat } from 'node:fs/promises'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Targets } from '../../jobs/index.js'
import type { PullAddress } from '../address.js'
import type { FetchOptions } from '../fetcher.js'
import type { FetchOrder } from '../worker/orders.js'
import type { HttpProxy } from './http-proxy.js'

/** What orders are made with. */
export interface OrderServices {
  readonly targets: Targets
  readonly proxy: HttpProxy
  /** Folders whose files may be pulled. */
  readonly folders: readonly string[]
}

/** Of a caller; nothing that opens a port here or changes who connects. `latency` is in microseconds, as in FFmpeg. */
const SRT_QUERY = ['streamid', 'passphrase', 'pbkeylen', 'latency']

/**
 * What a child is told to fetch: hosts as the addresses that were judged.
 * @throws an error with a sentence when the source may not be fetched
 */
export async function orderOf(
  { address, transport, timeoutMs }: FetchOptions,
  services: OrderServices,
): Promise<FetchOrder> {
  const { targets, proxy, folders } = services
  const { kind, host, port, tls, path } = address
  const url = new URL(address.text)
  switch (kind) {
    case 'rtsp': {
      const credentials = url.password === '' ? url.username : `${url.username}:${url.password}`
      const judged = await targets.addressOf(host)
      return { kind, address: judged, host, port, tls, credentials, path, transport, timeoutMs }
    }
    case 'hls':
      // For its sentence: the proxy can only answer with a number.
      await targets.addressOf(host)
      return { kind, url: address.text, proxy: await proxy.url(), timeoutMs }
    case 'srt':
      return { kind, url: srtUrl(address, await targets.addressOf(host), url.searchParams), timeoutMs }
    case 'file':
      return { kind, path: await fileIn(folders, url), timeoutMs }
    default:
      throw new Error(`${kind} is not fetched by a child.`)
  }
}

function srtUrl({ port }: PullAddress, judged: string, given: URLSearchParams): string {
  const query = SRT_QUERY.flatMap((name) => {
    const value = given.get(name)
    return value === null ? [] : [`${name}=${encodeURIComponent(value)}`]
  })
  const host = judged.includes(':') ? `[${judged}]` : judged
  return `srt://${host}:${String(port)}?${['mode=caller', ...query].join('&')}`
}

/** Links are followed before the folder is compared. */
async function fileIn(folders: readonly string[], url: URL): Promise<string> {
  const path = await realpath(fileURLToPath(url)).catch(() => undefined)
  const allowed = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)))
  const isInside = allowed.some((folder) => folder !== undefined && path?.startsWith(folder + sep) === true)
  if (path !== undefined && isInside && (await stat(path)).isFile()) return path
  // The same sentence for both: whoever asks learns nothing about other files.
  throw new Error('There is no such file in a folder of --pull-files.')
}
