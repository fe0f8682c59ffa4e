import { EcmaArray, encodeAmf0Values, parseAmf0Values, type Amf0Object, type Amf0Value } from '@crossroom/media'

/** A command message (RTMP 1.0, section 7.1.1): a call, or the answer `_result` or `_error` to one. */
export interface Command {
  readonly name: string
  /** 0 when no answer is expected. */
  readonly transactionId: number
  /** The command object: properties of `connect`, null for most others. */
  readonly object: Amf0Value
  readonly args: readonly Amf0Value[]
}

/** In messages of types 15 and 17 a byte comes first that says which AMF follows; 0, AMF0, is what all clients send. */
const AMF0_FOLLOWS = 0

/** The AMF0 body of a command or data message, whichever of the two types it came in; undefined for real AMF3. */
export function bodyInAmf0(payload: Uint8Array, isAmf3: boolean): Uint8Array | undefined {
  if (!isAmf3) return payload
  return payload[0] === AMF0_FOLLOWS ? payload.subarray(1) : undefined
}

/** Reads a command. Undefined when it is malformed; the types of object and arguments are not checked here. */
export function parseCommand(body: Uint8Array): Command | undefined {
  const values = parseAmf0Values(body)
  if (values === undefined) return undefined
  const [name, transactionId, object, ...args] = values
  if (typeof name !== 'string' || typeof transactionId !== 'number') return undefined
  return { name, transactionId, object, args }
}

export function encodeCommand(command: Command): Uint8Array {
  return encodeAmf0Values([command.name, command.transactionId, command.object, ...command.args])
}

/** The properties of an object, or of the ECMA array that some clients send for one. */
export function propertiesOf(value: Amf0Value): Amf0Object | undefined {
  if (value instanceof EcmaArray) return value.properties
  // What the parser calls an object has no prototype; arrays and dates have one.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== null) return undefined
  return value as Amf0Object
}

/** The property `key` of a command object or information object if it is a string. */
export function stringProperty(value: Amf0Value, key: string): string | undefined {
  const property = propertiesOf(value)?.[key]
  return typeof property === 'string' ? property : undefined
}
