import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Targets } from '../../jobs/index.js'
import type { FetchOptions } from '../fetcher.js'
import type { FetchOrder } from '../worker/orders.js'

/**
 * What a child is told to fetch: hosts as the addresses that were judged.
 * @throws an error with a sentence when the source may not be fetched
 */
export async function orderOf({ address, transport, timeoutMs }: FetchOptions, targets: Targets): Promise<FetchOrder> {
  const url = new URL(address.text)
  switch (address.kind) {
    case 'rtsp': {
      const { host, port, tls, path } = address
      const credentials = url.password === '' ? url.username : `${url.username}:${url.password}`
      const judged = await targets.addressOf(host)
      return { kind: 'rtsp', address: judged, host, port, tls, credentials, path, transport, timeoutMs }
    }
    case 'srt': {
      const judged = await targets.addressOf(address.host)
      const host = judged.includes(':') ? `[${judged}]` : judged
      return { kind: 'srt', url: `srt://${host}:${String(address.port)}${url.search}`, timeoutMs }
    }
    case 'file': {
      const path = fileURLToPath(url)
      const found = await stat(path).catch(() => undefined)
      if (found?.isFile() !== true) throw new Error('There is no such file.')
      return { kind: 'file', path, timeoutMs }
    }
    default:
      throw new Error(`${address.kind} is not fetched by a child.`)
  }
}
