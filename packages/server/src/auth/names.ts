import { nameLimits } from '../config/index.js'
import type { Refusal } from './gate.js'

/** First path segments that mean something else than a plain stream's app, besides those of protocols. */
export const RESERVED_APPS: ReadonlySet<string> = new Set([
  ...['r', 'push', 'api', 'sdk', 'signal', 'v4', 'weapp', 'call', 'monitor', 'console'],
  ...['healthz', 'readyz', 'metrics'],
])

const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/

/** Whether a text may be an APP or a STREAM: 1 to 128 of `[A-Za-z0-9._-]`, not beginning with a dot. */
export function isSegment(text: string): boolean {
  return text.length <= nameLimits.segmentChars && SEGMENT.test(text)
}

/**
 * Why a plain stream may not have this name; undefined when it may. `ofProtocols`: first path segments of their routes. The
 * sentence never repeats a malformed name.
 */
export function refuseName(app: string, stream: string, ofProtocols: readonly string[]): Refusal | undefined {
  if (!isSegment(app) || !isSegment(stream))
    return {
      ok: false,
      code: 'BAD_NAME',
      sentence:
        'APP and STREAM are each 1 to 128 letters, digits, dots, dashes or underscores and do not begin with a dot.',
      httpStatus: 400,
    }
  if (RESERVED_APPS.has(app) || ofProtocols.includes(app))
    return {
      ok: false,
      code: 'RESERVED_NAME',
      sentence: `The app name "${app}" is reserved; use another one, for example live.`,
      httpStatus: 403,
    }
  return undefined
}
