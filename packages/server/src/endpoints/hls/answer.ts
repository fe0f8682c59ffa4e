import { STATUS_CODES, type ServerResponse } from 'node:http'

export const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
  'Access-Control-Allow-Headers': 'Authorization, Range',
  'Access-Control-Max-Age': '86400',
} as const

/** A sentence, for what is not served. */
export function answerText(
  response: ServerResponse,
  status: number,
  sentence: string,
  headers: Record<string, string> = {},
): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, STATUS_CODES[status], {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
    ...CORS,
    ...headers,
  })
  response.end(`${sentence}\n`)
}

/** A file of several pieces, which all its players share: a slow one is given the next piece when it has read the one before. */
export function answerBytes(
  response: ServerResponse,
  type: string,
  cacheControl: string,
  pieces: readonly Uint8Array[],
): void {
  if (response.headersSent || response.destroyed) return
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': length,
    'Cache-Control': cacheControl,
    ...CORS,
  })
  let next = 0
  const write = (): void => {
    while (next < pieces.length) if (!response.write(pieces[next++]!) && next < pieces.length) return
    response.off('drain', write)
    response.end()
  }
  response.on('drain', write)
  if (response.req.method === 'HEAD') response.end()
  else write()
}
