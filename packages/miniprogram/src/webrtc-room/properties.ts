/** The properties of `<webrtc-room>`, as an app reads them back; the ids may be given as number or text. */
export interface RoomProperties {
  readonly server: string
  readonly prefer: string
  readonly template: string
  readonly sdkAppID: number | string
  readonly userID: string
  readonly userSig: string
  readonly roomID: number | string
  readonly privateMapKey: string
  readonly roomName: string
  readonly roomCreator: string
  readonly userName: string
  readonly role: string
  readonly beauty: number
  readonly whiteness: number
  readonly aspect: string
  readonly minBitrate: number
  readonly maxBitrate: number
  readonly muted: boolean
  readonly debug: boolean
  readonly autoplay: boolean
  readonly enableCamera: boolean
  readonly enableIM: boolean
  readonly useCloud: boolean
  readonly pureAudioPushMod: number
  readonly recordId: number
  readonly maxMembers: number
  readonly smallViewLeft: string
  readonly smallViewTop: string
  readonly smallViewWidth: string
  readonly smallViewHeight: string
  readonly waitingImg: string
  readonly loadingImg: string
  readonly playerBackgroundImg: string
  readonly pusherBackgroundImg: string
  readonly accountType: number | string
  readonly pusherAttributes: object
  readonly playerAttributes: object
}

type PropertyType = StringConstructor | NumberConstructor | BooleanConstructor | ObjectConstructor

interface Property {
  readonly type: PropertyType
  readonly optionalTypes?: PropertyType[]
  readonly value: string | number | boolean | object
}

const text = (value = ''): Property => ({ type: String, value })
const number = (value: number): Property => ({ type: Number, optionalTypes: [String], value })
const flag = (value: boolean): Property => ({ type: Boolean, value })
/** Apps of both ages exist: the older pass text, the newer numbers. */
const id = (value: number | string): Property => ({ type: String, optionalTypes: [Number], value })
const object = (): Property => ({ type: Object, value: {} })

/**
 * Every property with its default. Those that mean something only to another company's cloud (`useCloud`,
 * `accountType`, `recordId`) are taken so that no app has to be edited, and change nothing.
 */
export const properties: Readonly<Record<keyof RoomProperties, Property>> = {
  /** `https://example.com`, `ws://192.168.1.5:8080`: the server of this room. */
  server: text(),
  /** Which protocol players get first, `rtmp` or `flv`; the other is the fallback. */
  prefer: text('rtmp'),
  template: text('float'),
  sdkAppID: id(''),
  userID: text(),
  userSig: text(),
  roomID: id(''),
  privateMapKey: text(),
  roomName: text(),
  /** The member in the main pane of 1u3d and 1l3r. */
  roomCreator: text(),
  userName: text(),
  /** `anchor` sends, `audience` only watches until it may link its microphone. */
  role: text('anchor'),
  beauty: number(5),
  whiteness: number(5),
  aspect: text('9:16'),
  /** kbit/s. */
  minBitrate: number(200),
  maxBitrate: number(400),
  muted: flag(false),
  debug: flag(false),
  autoplay: flag(false),
  enableCamera: flag(true),
  enableIM: flag(false),
  useCloud: flag(true),
  /** 1 and 2: only sound is pushed. */
  pureAudioPushMod: number(0),
  recordId: number(0),
  /** How many others are shown; 0: as many as the template has panes for. */
  maxMembers: number(0),
  smallViewLeft: text('1vw'),
  smallViewTop: text('1vw'),
  smallViewWidth: text('30vw'),
  smallViewHeight: text('40vw'),
  /** Shown to the others while this page is in the background. */
  waitingImg: text(),
  loadingImg: text(),
  playerBackgroundImg: text(),
  pusherBackgroundImg: text(),
  accountType: id(''),
  /** Any attribute of `<live-pusher>` by its name, over what the properties above say. */
  pusherAttributes: object(),
  playerAttributes: object(),
}
