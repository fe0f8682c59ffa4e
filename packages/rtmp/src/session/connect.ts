import type { Amf0Object } from '@crossroom/media'
import { propertiesOf, stringProperty, type Command } from '../message/command.js'
import { informationObject } from '../message/status.js'

/** The fields read from the command object of `connect` (RTMP 1.0, section 7.2.1.1). */
export interface ConnectRequest {
  readonly app: string
  readonly tcUrl: string
  readonly flashVer: string
  /** Enhanced RTMP v2, "Enhancing NetConnection connect Command": `fourCcList` (v1) or the maps of v2 are there. */
  readonly isEnhanced: boolean
}

/** Undefined without an application name. */
export function parseConnect({ object }: Command): ConnectRequest | undefined {
  const app = stringProperty(object, 'app')
  if (app === undefined) return undefined
  const properties = propertiesOf(object)
  return {
    app,
    tcUrl: stringProperty(object, 'tcUrl') ?? '',
    flashVer: stringProperty(object, 'flashVer') ?? '',
    isEnhanced: ENHANCED_PROPERTIES.some((key) => properties?.[key] !== undefined),
  }
}

const ENHANCED_PROPERTIES = ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap']

/** The version that clients compare with when they decide what a server can do. */
const FMS_VERSION = 'FMS/3,5,7,7009'
const CAPABILITIES = 31

/** FourCcInfoMask of Enhanced RTMP v2: the server hands the codec on, it neither decodes nor encodes. */
const CAN_FORWARD = 4
/** CapsExMask: ModEx packets are understood. Reconnect requests, several tracks and nanoseconds are not promised. */
const CAPS_EX = 4

/** The `_result` of a successful `connect`. */
export function connectResult(transactionId: number, request: ConnectRequest): Command {
  const information: Amf0Object = {
    ...informationObject('status', 'NetConnection.Connect.Success', 'Connection succeeded.'),
    objectEncoding: 0,
  }
  return {
    name: '_result',
    transactionId,
    object: { fmsVer: FMS_VERSION, capabilities: CAPABILITIES, ...(request.isEnhanced ? enhancedProperties() : {}) },
    args: [information],
  }
}

/** The `_error` of a `connect` that names nothing we could serve. */
export function connectError(transactionId: number, description: string): Command {
  const information = informationObject('error', 'NetConnection.Connect.Rejected', description)
  return { name: '_error', transactionId, object: null, args: [information] }
}

function enhancedProperties(): Amf0Object {
  const video = ['avc1', 'hvc1', 'av01', 'vp09', 'vp08']
  const audio = ['mp4a', 'Opus', '.mp3']
  return {
    fourCcList: [...video, ...audio],
    videoFourCcInfoMap: forwarded(video),
    audioFourCcInfoMap: forwarded(audio),
    capsEx: CAPS_EX,
  }
}

function forwarded(fourCcs: readonly string[]): Amf0Object {
  return Object.fromEntries(fourCcs.map((fourCc) => [fourCc, CAN_FORWARD]))
}
