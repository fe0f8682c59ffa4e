import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '../config/index.js'
import { FOREIGN_PAGE, isOriginAllowed, refusePage, type PageRefusal, type PageRules } from '../net/index.js'
import type { Opened } from './opened.js'

const DEMO_TOKEN = '/api/v1/demo/token'

/**
 * Whether a page may not use the public port where nothing is verified: in open mode and the demo everywhere, otherwise
 * where publishing is open. Every page may load the SDK and use requests with CORS, and with `--demo` get a signature
 * for trials.
 */
export function refusePublic(
  request: IncomingMessage,
  rules: PageRules,
  config: Config,
  opened: Opened,
): PageRefusal | undefined {
  const path = (request.url ?? '').split('?')[0]!
  const isForEveryPage =
    request.method === 'OPTIONS' || path.startsWith('/sdk/') || (config.demo && path === DEMO_TOKEN)
  if (config.publish === 'open' && !isForEveryPage && opened.isPublish(path) && !isOriginAllowed(request, rules))
    return FOREIGN_PAGE
  return refusePage(request, isForEveryPage ? { ...rules, allowed: ['*'] } : rules)
}

/** Answers in the shape of REST. The page cannot read the answer. */
export function answerRefusal(response: ServerResponse, { code, sentence }: PageRefusal): void {
  response.writeHead(403, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(JSON.stringify({ error: { code, message: sentence } }))
}
