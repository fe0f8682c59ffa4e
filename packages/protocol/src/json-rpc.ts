import { errorCodes, isErrorCode, type ErrorCode } from './error-codes.js'
import { readJson } from './json.js'
import { limits } from './limits.js'
import { notificationShapes } from './notification-shapes.js'
import type { Notification, NotificationMethod, NotificationParams } from './notifications.js'
import { requests, type ParamsOf, type RequestMethod, type ResultOf } from './requests.js'
import { describe, isObject, Mismatch } from './shape.js'

/** Chosen by the requester and repeated in the answer. Ours are strings; numbers are accepted as well. */
export type RequestId = string | number

/** A request that was understood, discriminated by `method`. */
export type Request = {
  [Method in RequestMethod]: { readonly id: RequestId; readonly method: Method; readonly params: ParamsOf<Method> }
}[RequestMethod]

/** The error returned instead of a result. */
export interface Refusal {
  /** null when not even the id was understood. */
  readonly id: RequestId | null
  readonly code: ErrorCode
  /** Names the field, its value, and the allowed values. */
  readonly sentence: string
}

export type RequestReading =
  { readonly ok: true; readonly request: Request } | { readonly ok: false; readonly refusal: Refusal }

/** An error as its receiver sees it. */
export interface ResponseError {
  /** An ErrorCode, or a code of a newer server; see isErrorCode. */
  readonly code: string
  readonly sentence: string
  /** How long to wait before the same is tried again, when the server says so. */
  readonly retryAfterMs?: number
}

/** An answer: its result is read with `parseResult`, since only the requester knows the method. */
export type Response =
  | { readonly id: RequestId | null; readonly error: ResponseError }
  | { readonly id: RequestId | null; readonly error?: undefined; readonly result: unknown }

/**
 * Parses a request (JSON-RPC 2.0 section 4) from text or from parsed JSON. Batches and messages without an id are
 * refused: clients send no notifications.
 */
export function parseRequest(input: unknown): RequestReading {
  const reading = read(input, limits.messageBytes)
  if (!reading.ok) return refused(null, reading.code, errorCodes[reading.code].sentence)
  const message = reading.value
  if (!isObject(message)) {
    return refused(null, 'BAD_ENVELOPE', `The message is ${describe(message)}; allowed is one JSON-RPC 2.0 request.`)
  }
  const { id, method, params = {} } = message
  if (!isRequestId(id)) {
    const allowed = `a whole number or a text of 1 to ${limits.requestIdLength} characters`
    return refused(null, 'BAD_ENVELOPE', new Mismatch('id', id, allowed).sentence)
  }
  if (message['jsonrpc'] !== '2.0') {
    return refused(id, 'BAD_ENVELOPE', new Mismatch('jsonrpc', message['jsonrpc'], '"2.0"').sentence)
  }
  if (typeof method !== 'string') return refused(id, 'BAD_ENVELOPE', new Mismatch('method', method, 'a text').sentence)
  if (!isMethod(method)) return refused(id, 'UNKNOWN_METHOD', `The server knows no request ${describe(method)}.`)
  if (!isObject(params)) return refused(id, 'BAD_REQUEST', new Mismatch('params', params, 'an object').sentence)
  const checked: unknown = requests[method].params(params, '')
  if (checked instanceof Mismatch) return refused(id, checked.code, checked.sentence)
  return { ok: true, request: { id, method, params: checked } as Request }
}

/** Reads an answer from a text or from parsed JSON; undefined when it is none. */
export function parseResponse(input: unknown): Response | undefined {
  const reading = read(input, limits.serverMessageBytes)
  if (!reading.ok || !isObject(reading.value)) return undefined
  const message = reading.value
  const { id, error } = message
  if (message['jsonrpc'] !== '2.0' || !(id === null || isRequestId(id))) return undefined
  if ('result' in message) return error === undefined ? { id, result: message['result'] } : undefined
  return isObject(error) ? { id, error: responseError(error) } : undefined
}

/** Reads a notification from a text or from parsed JSON; undefined when it is none or this version does not know it. */
export function parseNotification(input: unknown): Notification | undefined {
  const reading = read(input, limits.serverMessageBytes)
  if (!reading.ok || !isObject(reading.value)) return undefined
  const message = reading.value
  const { method } = message
  if (message['jsonrpc'] !== '2.0' || 'id' in message || typeof method !== 'string') return undefined
  if (!hasOwn(notificationShapes, method)) return undefined
  const params: unknown = notificationShapes[method as NotificationMethod](message['params'], '')
  return params instanceof Mismatch ? undefined : ({ method, params } as Notification)
}

/** The result of a request of that method, or why it is invalid. */
export function parseResult<Method extends RequestMethod>(
  method: Method,
  result: unknown,
): ResultOf<Method> | Mismatch {
  const read: unknown = requests[method].result(result, '')
  return read as ResultOf<Method> | Mismatch
}

/** Whether it is one of the requests of this version. */
export function isMethod(method: string): method is RequestMethod {
  return hasOwn(requests, method)
}

export function writeRequest<Method extends RequestMethod>(
  id: RequestId,
  method: Method,
  params: ParamsOf<Method>,
): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method, params })
}

export function writeResult<Method extends RequestMethod>(id: RequestId, result: ResultOf<Method>): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result })
}

/** Writes an error; by default with the sentence of the code. */
export function writeError(
  id: RequestId | null,
  code: ErrorCode,
  sentence: string = errorCodes[code].sentence,
  retryAfterMs?: number,
): string {
  const data = retryAfterMs === undefined ? { code } : { code, retryAfterMs }
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code: errorCodes[code].rpc, message: sentence, data } })
}

export function writeNotification<Method extends NotificationMethod>(
  method: Method,
  params: NotificationParams<Method>,
): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params })
}

const MAX_SENTENCE_LENGTH = 1024
const MAX_CODE_LENGTH = 64

/** A server in front of ours may leave `data` out; the sentence is kept as it is, but not at any length. */
function responseError(error: Readonly<Record<string, unknown>>): ResponseError {
  const data = isObject(error['data']) ? error['data'] : {}
  const { code, retryAfterMs } = data
  const known = typeof code === 'string' && code.length <= MAX_CODE_LENGTH ? code : 'INTERNAL'
  const { message } = error
  const sentence =
    typeof message === 'string' && message !== ''
      ? message.slice(0, MAX_SENTENCE_LENGTH)
      : errorCodes[isErrorCode(known) ? known : 'INTERNAL'].sentence
  const isWait = typeof retryAfterMs === 'number' && retryAfterMs >= 0
  return isWait ? { code: known, sentence, retryAfterMs } : { code: known, sentence }
}

function read(input: unknown, maxLength: number): ReturnType<typeof readJson> {
  return typeof input === 'string' ? readJson(input, maxLength) : { ok: true, value: input }
}

function refused(id: RequestId | null, code: ErrorCode, sentence: string): RequestReading {
  return { ok: false, refusal: { id, code, sentence } }
}

function isRequestId(id: unknown): id is RequestId {
  if (typeof id === 'number') return Number.isSafeInteger(id)
  return typeof id === 'string' && id.length > 0 && id.length <= limits.requestIdLength
}

function hasOwn(table: object, name: string): boolean {
  return Object.prototype.hasOwnProperty.call(table, name)
}
