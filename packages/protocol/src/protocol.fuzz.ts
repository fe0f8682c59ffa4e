import { limits } from './limits.js'
import { exchanges, notifications, refusals } from './json-rpc.cases.js'
import {
  parseNotification,
  parseRequest,
  parseResponse,
  parseResult,
  writeError,
  writeNotification,
  writeRequest,
  writeResult,
} from './json-rpc.js'
import type { RequestMethod } from './requests.js'
import { Mismatch } from './shape.js'

const methods = Object.keys(exchanges) as RequestMethod[]
const encoder = new TextEncoder()
const decoder = new TextDecoder()
const MAX_SENTENCE_LENGTH = 300

const requestTexts = methods.map((method) => writeRequest('1', method, exchanges[method].params))
const resultTexts = methods.map((method) => writeResult('1', exchanges[method].result))
const notificationTexts = notifications.map(({ method, params }) => writeNotification(method, params))
const seedsOf = (texts: readonly string[]) => () => texts.map((text) => encoder.encode(text))

function mustEqual(one: unknown, other: unknown, what: string): void {
  if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error(`${what} does not survive being written and read`)
}

export const fuzzTargets = [
  {
    name: 'signaling-request',
    seeds: seedsOf([...requestTexts, ...refusals.map(({ text }) => text.slice(0, 512))]),
    run: (input: Uint8Array): void => {
      const reading = parseRequest(decoder.decode(input))
      if (!reading.ok) {
        if (reading.refusal.sentence.length > MAX_SENTENCE_LENGTH) throw new Error('a sentence says long input back')
        writeError(reading.refusal.id, reading.refusal.code, reading.refusal.sentence)
        return
      }
      const { id, method, params } = reading.request
      mustEqual(parseRequest(writeRequest(id, method, params)), reading, 'a request')
    },
  },
  {
    name: 'signaling-response',
    seeds: seedsOf([...resultTexts, writeError('1', 'DRAINING', undefined, 500), writeError(null, 'BAD_JSON')]),
    run: (input: Uint8Array): void => {
      const response = parseResponse(decoder.decode(input))
      if (response === undefined) return
      if (response.error !== undefined) {
        if (response.error.sentence.length > limits.messageBytes) throw new Error('a sentence without a bound')
        return
      }
      for (const method of methods) {
        const result = parseResult(method, response.result)
        if (!(result instanceof Mismatch)) mustEqual(parseResult(method, result), result, 'a result')
      }
    },
  },
  {
    name: 'signaling-notification',
    seeds: seedsOf(notificationTexts),
    run: (input: Uint8Array): void => {
      const notification = parseNotification(decoder.decode(input))
      if (notification === undefined) return
      const text = writeNotification(notification.method, notification.params)
      mustEqual(parseNotification(text), notification, 'a notification')
    },
  },
]
