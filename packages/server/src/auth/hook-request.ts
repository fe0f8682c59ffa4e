import { createHmac } from 'node:crypto'
import { hookLimits } from '../config/index.js'
import type { Ring } from './ring.js'
import type { After } from './slots.js'

/** One signed POST to the operator's server. */
export interface HookPost {
  readonly url: string
  /** Stays the same when the post is tried again, so that the receiver can tell repetitions. */
  readonly id: string
  /** JSON. */
  readonly body: string
}

/** The response: a status and at most 64 KiB of text; or, with `status` 0, why there was no usable response. */
export interface HookReply {
  readonly status: number
  readonly text: string
}

/** How long an answer may take, and the timer that measures it. */
export interface HookTimeout {
  readonly ms: number
  readonly after: After
}

/**
 * Signature headers as the Standard Webhooks specification has them: HMAC-SHA256 over `id.timestamp.body`, base64 behind
 * `v1,`. A secret that begins with `whsec_` is base64, any other is taken as UTF-8.
 * While a secret is being changed there are two signatures, with a space between.
 */
export function signHook(secrets: Ring, post: HookPost, unixSeconds: number): Record<string, string> {
  const timestamp = String(Math.floor(unixSeconds))
  const signatures = secrets.map((secret) => {
    const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret, 'utf8')
    return `v1,${createHmac('sha256', key).update(`${post.id}.${timestamp}.${post.body}`).digest('base64')}`
  })
  return { 'webhook-id': post.id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}

/** Sends one post. Never rejects; redirects are not followed and a reply past 64 KiB counts as none. */
export async function sendHook(
  post: HookPost,
  secrets: Ring,
  unixSeconds: number,
  timeout: HookTimeout,
): Promise<HookReply> {
  const tooLate = new AbortController()
  const cancel = timeout.after(timeout.ms * 1000, () => tooLate.abort())
  try {
    const response = await fetch(post.url, {
      method: 'POST',
      redirect: 'manual',
      signal: tooLate.signal,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'crossroom',
        ...(secrets.length === 0 ? {} : signHook(secrets, post, unixSeconds)),
      },
      body: post.body,
    })
    const text = await readBounded(response)
    if (text === undefined) return { status: 0, text: 'the answer is longer than 64 KiB' }
    return { status: response.status, text }
  } catch (error) {
    return { status: 0, text: tooLate.signal.aborted ? 'it did not answer in time' : whyNoReply(error) }
  } finally {
    cancel()
  }
}

async function readBounded(response: Response): Promise<string | undefined> {
  if (response.body === null) return ''
  const parts: Uint8Array[] = []
  let bytes = 0
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return Buffer.concat(parts).toString('utf8')
    bytes += value.byteLength
    if (bytes > hookLimits.responseBytes) {
      await reader.cancel()
      return undefined
    }
    parts.push(value)
  }
}

function whyNoReply(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached'
  const cause: unknown = error.cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
  return code === undefined ? 'it cannot be reached' : `it cannot be reached (${code})`
}
