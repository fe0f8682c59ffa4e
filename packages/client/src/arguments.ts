import { errorCodes, isRoomId, isUserId, isUserName } from '@crossroom/protocol'
import { CrossroomError } from './errors.js'

/**
 * What the calls of the SDK take, checked before anything is done: programs in JavaScript get a `CrossroomError` that names
 * call and argument, never a TypeError from inside.
 */

/** Whether a value fits, and what fits, in words that follow "must be". */
export interface Rule {
  readonly fits: (value: unknown) => boolean
  readonly expected: string
  /** The code of an error about this argument, if the server has a specific one. */
  readonly code?: 'BAD_ROOM_ID' | 'BAD_USER_ID'
}

/** One rule for each argument or option of a call. */
export type Rules = Readonly<Record<string, Rule>>

/** `APP/STREAM` as the server takes it. */
const STREAM_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isText = (value: unknown): value is string => typeof value === 'string'
const oneOf = (...values: readonly string[]): Rule => ({
  fits: (value) => isText(value) && values.includes(value),
  expected: values.map((value) => `"${value}"`).join(' or '),
})
const numberFrom = (min: number, max: number): Rule => ({
  fits: (value) => typeof value === 'number' && value >= min && value <= max,
  expected: max === Infinity ? `a number from ${String(min)}` : `a number from ${String(min)} to ${String(max)}`,
})

export const text: Rule = { fits: (value) => isText(value) && value !== '', expected: 'a text' }
export const servers: Rule = {
  fits: (value) => text.fits(value) || (Array.isArray(value) && value.length > 0 && value.every(text.fits)),
  expected: 'a text, or several in an array',
}
export const anyText: Rule = { fits: isText, expected: 'a text' }
export const yesOrNo: Rule = { fits: (value) => typeof value === 'boolean', expected: 'true or false' }
export const positive = numberFrom(0, Infinity)
export const percent = numberFrom(0, 100)
export const strength = numberFrom(0, 9)
export const aFunction: Rule = { fits: (value) => typeof value === 'function', expected: 'a function' }
export const anObject: Rule = { fits: isObject, expected: 'an object' }
export const roomId: Rule = {
  fits: isRoomId,
  expected: 'a number from 0 to 4294967295, or 1 to 64 characters of A-Z a-z 0-9 _ -',
  code: 'BAD_ROOM_ID',
}
export const userId: Rule = { fits: isUserId, expected: '1 to 32 characters of A-Z a-z 0-9 _ -', code: 'BAD_USER_ID' }
export const userIdOrAll: Rule = { fits: (value) => value === '*' || isUserId(value), expected: `a user id or "*"` }
export const userName: Rule = {
  fits: (value) => value === '' || isUserName(value),
  expected: 'at most 64 printable characters',
}
export const role = oneOf('anchor', 'audience')
export const kind = oneOf('audio', 'video')
export const streamType = oneOf('main', 'aux')
const view: Rule = {
  fits: (value) => isText(value) || (isObject(value) && 'appendChild' in value),
  expected: 'an element or the id of one',
}
const profile: Rule = {
  fits: (value) => isText(value) || isObject(value),
  expected: 'the name of a profile or { width, height, frameRate, bitrate }',
}
export const content: Rule = {
  fits: (value) => isText(value) || (isObject(value) && 'custom' in value),
  expected: 'a text or { custom }',
}
export const processor: Rule = {
  fits: (value) =>
    value === null || (isObject(value) && aFunction.fits(value['start']) && aFunction.fits(value['stop'])),
  expected: 'an object with start and stop, or null',
}

export const enterRoomRules: Rules = {
  ...{ roomId, userId, userName, role },
  ...{ sdkAppId: positive, userSig: anyText, token: anyText, privateMapKey: anyText },
  ...{ autoReceiveAudio: yesOrNo, autoReceiveVideo: yesOrNo, unseenVideoWidth: positive },
}
export const localVideoRules: Rules = {
  ...{ view, profile, deviceId: anyText, track: anObject, facingMode: oneOf('user', 'environment') },
  ...{ publish: yesOrNo, mute: yesOrNo, mirror: yesOrNo },
}
export const localAudioRules: Rules = {
  ...{ deviceId: anyText, track: anObject, publish: yesOrNo, mute: yesOrNo },
  ...{ echoCancellation: yesOrNo, noiseSuppression: yesOrNo, autoGainControl: yesOrNo },
}
export const screenShareRules: Rules = { view, profile, systemAudio: yesOrNo, publish: yesOrNo }
const stream: Rule = {
  fits: (value) => isText(value) && STREAM_NAME.test(value),
  expected: 'APP/STREAM, like live/camera1',
}
const source: Rule = {
  fits: (value) => value === 'camera' || value === 'screen' || (isObject(value) && 'getTracks' in value),
  expected: '"camera", "screen" or a MediaStream',
}
const protocol = oneOf('auto', 'webrtc', 'ws-flv', 'http-flv')
export const playRules: Rules = { stream, view, protocol, server: text, token: anyText }
export const publishRules: Rules = { stream, view, source, server: text, token: anyText }
export const remoteTargetRules: Rules = { userId, streamType }
export const remoteVideoRules: Rules = {
  ...{ ...remoteTargetRules, view, maxWidth: positive, fit: oneOf('contain', 'cover', 'fill'), mirror: yesOrNo },
}

/**
 * Validates the options of a method; undefined and null count as not given.
 * @throws CrossroomError
 */
export function checkOptions(call: string, options: unknown, rules: Rules, required: readonly string[] = []): void {
  if (!isObject(options)) {
    const needs = required.length === 0 ? 'takes an object with options' : `needs { ${required.join(', ')} }`
    throw new CrossroomError('INVALID_ARGUMENT', `${call} ${needs}, but was given ${shown(options)}.`)
  }
  for (const [name, rule] of Object.entries(rules)) {
    const value = options[name] ?? undefined
    if (value !== undefined) checkArgument(call, name, value, rule)
    else if (required.includes(name))
      throw new CrossroomError('INVALID_ARGUMENT', `${call} needs ${name}: ${rule.expected}.`)
  }
}

/**
 * Checks one argument of a call.
 * @throws CrossroomError
 */
export function checkArgument(call: string, name: string, value: unknown, { fits, expected, code }: Rule): void {
  if (fits(value)) return
  if (value !== undefined && code !== undefined) throw new CrossroomError(code, errorCodes[code].sentence)
  throw new CrossroomError('INVALID_ARGUMENT', `${name} of ${call} must be ${expected}, but is ${shown(value)}.`)
}

/** A short look at a value, for an error. */
function shown(value: unknown): string {
  if (value === undefined || value === null || typeof value === 'boolean' || typeof value === 'number')
    return String(value)
  if (isText(value)) return JSON.stringify(value.slice(0, 32))
  return typeof value === 'function' ? 'a function' : Array.isArray(value) ? 'an array' : 'an object'
}
