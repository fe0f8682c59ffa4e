import type { Credentials } from './credentials.js'

/** The page of examples/mini-program that takes a room and asks who comes. */
export function miniProgramPage(roomId: string): string {
  return `pages/index/index?roomId=${encodeURIComponent(roomId)}`
}

/** Every way into a room. */
export interface Invite {
  /** For browsers. */
  readonly call: string
  /** For many who only watch, until they are asked to join. */
  readonly live: string
  /** OBS, ffmpeg, cameras: server and key in one, as most programs take it. */
  readonly rtmp: string
  readonly miniProgram: string
}

/** `origin` of the page; `rtmpOrigin` is `rtmp://HOST[:PORT]`; `device` is who an encoder enters as. */
export function inviteTo(
  roomId: string,
  { origin, rtmpOrigin, device }: { origin: string; rtmpOrigin: string; device: Credentials & { userId: string } },
): Invite {
  const room = encodeURIComponent(roomId)
  const query = new URLSearchParams()
  if (device.sdkAppId !== undefined) query.set('sdkappid', String(device.sdkAppId))
  query.set('userid', device.userId)
  if (device.userSig !== undefined) query.set('usersig', device.userSig)
  if (device.privateMapKey !== undefined) query.set('privatemapkey', device.privateMapKey)
  return {
    call: `${origin}/call?room=${room}`,
    live: `${origin}/live?room=${room}`,
    rtmp: `${rtmpOrigin}/push/${room}?${query.toString()}`,
    miniProgram: miniProgramPage(roomId),
  }
}

/** `rtmp://HOST[:PORT]` of any RTMP address; undefined when it is none. */
export function rtmpOriginOf(address: string | undefined): string | undefined {
  return /^rtmps?:\/\/[^/?#]+/.exec(address ?? '')?.[0]
}
