import { CrossroomError } from '../errors.js'
import { backOffMs } from './plan.js'

/**
 * Why capturing failed. `insecure` browsers allow no camera and screen on pages over plain HTTP · `denied` the user or
 * the system denied access · `no-device` there is no device, or it was unplugged · `in-use` another program uses it ·
 * `no-screen` this browser cannot share the screen · `sharing-ended` the user ended it in the browser's own bar ·
 * `left` the answer came too late.
 */
export type CaptureReason = 'insecure' | 'denied' | 'no-device' | 'in-use' | 'no-screen' | 'sharing-ended' | 'left'

/**
 * Why a session did not start or ended. `refused` the server denies access · `busy` the name is in use · `unavailable`
 * the server has no WebRTC · `unsupported` the browser has none · `rejected` the server cannot use the offer ·
 * `network` the connection failed or broke · `timeout` no connection in time · `ended` the server ended this session
 * and keeps running.
 */
export type SessionReason =
  'refused' | 'busy' | 'unavailable' | 'unsupported' | 'rejected' | 'network' | 'timeout' | 'ended'

export interface PublishFailure {
  readonly reason: CaptureReason | SessionReason
  /** A sentence of the server or the browser, not translated. */
  readonly detail?: string
}

const BY_STATUS: Readonly<Record<number, SessionReason>> = {
  400: 'rejected',
  401: 'refused',
  403: 'refused',
  404: 'unavailable',
  405: 'unavailable',
  406: 'rejected',
  409: 'busy',
  413: 'rejected',
  415: 'rejected',
  501: 'unavailable',
}

/** What an HTTP status of WHIP means. `sentence` is the body of the answer. */
export function failureOfWhip(status: number, sentence: string): PublishFailure {
  const detail = sentence.trim() === '' ? `HTTP ${String(status)}` : sentence.trim().slice(0, 300)
  return { reason: BY_STATUS[status] ?? 'network', detail }
}

const BY_CODE: Readonly<Record<string, CaptureReason>> = {
  INSECURE_CONTEXT: 'insecure',
  DEVICE_DENIED: 'denied',
  SCREEN_DENIED: 'denied',
  DEVICE_IN_USE: 'in-use',
  SCREEN_UNSUPPORTED: 'no-screen',
  STOPPED: 'left',
}

/** What a capture's rejection means. */
export function failureOfCapture(error: unknown): PublishFailure {
  const code = error instanceof CrossroomError ? error.code : ''
  return { reason: BY_CODE[code] ?? 'no-device' }
}

/** The server may hold our own broken session, and with it the name, for so many attempts: half a minute and more. */
const HELD_ROUNDS = 8

/**
 * Milliseconds until the next attempt; undefined when trying again would not help. `wasLive`: the stream was on air before;
 * `round` counts the attempts since.
 */
export function retryAfterMs({ reason }: PublishFailure, wasLive: boolean, round: number): number | undefined {
  if (reason === 'busy' && wasLive && round < HELD_ROUNDS) return backOffMs(round)
  return reason === 'network' || reason === 'timeout' ? backOffMs(round) : undefined
}
