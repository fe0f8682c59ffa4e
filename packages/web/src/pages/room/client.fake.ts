import type { CrossroomEvents, User } from '@crossroom/client'
import type { ClientClass, RoomClient } from './client.js'

/** A client that does what tests say, and remembers what it was asked. */
export interface FakeClient extends RoomClient {
  readonly calls: string[]
  /** Rejections by name of the method. */
  readonly failures: Map<string, Error>
  emit<Name extends keyof CrossroomEvents>(name: Name, event: CrossroomEvents[Name]): void
}

/** An error as the SDK throws them. */
export function codedError(code: string): Error {
  return Object.assign(new Error(`sentence of ${code}`), { code })
}

export function fakeClient(): FakeClient {
  const calls: string[] = []
  const failures = new Map<string, Error>()
  const listeners = new Map<string, ((event: never) => void)[]>()
  const does =
    <Result>(name: string, result: (...given: never[]) => Result) =>
    (...given: never[]): Promise<Result> => {
      calls.push(given.length === 0 ? name : `${name} ${JSON.stringify(given)}`)
      const failure = failures.get(name)
      return failure === undefined ? Promise.resolve(result(...given)) : Promise.reject(failure)
    }
  const nothing = (name: string) => does(name, () => undefined)
  const methods = ['exitRoom', 'switchRole', 'renewSignature', 'startLocalVideo', 'updateLocalVideo', 'stopLocalVideo']
  const more = ['startLocalAudio', 'updateLocalAudio', 'stopLocalAudio', 'startScreenShare', 'stopScreenShare']
  const rest = ['startRemoteVideo', 'stopRemoteVideo', 'muteRemoteAudio', 'setSpeaker', 'setVideoProcessor', 'kick']
  const last = [
    'mute',
    'disband',
    'requestMic',
    'withdrawMic',
    'answerMic',
    'removeMic',
    'destroy',
    'startRecording',
    'stopRecording',
  ]
  const fake = {
    calls,
    failures,
    emit: (name: string, event: unknown) => listeners.get(name)?.forEach((listener) => listener(event as never)),
    on: (name: string, listener: (event: never) => void) => {
      listeners.set(name, [...(listeners.get(name) ?? []), listener])
      return fake
    },
    ...Object.fromEntries([...methods, ...more, ...rest, ...last].map((name) => [name, nothing(name)])),
    enterRoom: does('enterRoom', ({ roomId, userId, role }: { roomId: string; userId: string; role: string }) => ({
      room: {
        roomId,
        name: '',
        ownerId: null,
        createdAt: 0,
        anchors: 1,
        audience: 0,
        limits: { members: 9, anchors: 9 },
      },
      userId,
      role: role === 'anchor' ? 'owner' : role,
      audienceCount: 0,
    })),
    sendMessage: does('sendMessage', () => ({ messageId: `m${String(calls.length)}` })),
    createBeautyFilter: (strengths: object) => {
      calls.push(`createBeautyFilter ${JSON.stringify(strengths)}`)
      return { update: (next: object) => calls.push(`update ${JSON.stringify(next)}`) }
    },
    getLocalTrack: () => undefined,
    getStatistics: does('getStatistics', () => ({ sent: [], received: [] })),
  }
  return fake as unknown as FakeClient
}

/** The static side of the SDK, without devices. */
export const fakeClientClass: ClientClass = {
  isSupported: () => {
    throw new Error('not asked by models')
  },
  getCameraList: () => Promise.resolve([]),
  getMicrophoneList: () => Promise.resolve([]),
  getSpeakerList: () => Promise.resolve([]),
}

/** Another member, with a camera and a microphone unless told otherwise. */
export function userCalled(
  userId: string,
  more: Partial<User> & { hasVideo?: boolean; hasScreen?: boolean } = {},
): User {
  const { hasVideo = true, hasScreen = false, ...fields } = more
  const play = { rtmp: 'rtmp://host:1936/r/a', flv: '', wsFlv: '', whep: '' }
  const main = { streamType: 'main', hasAudio: true, hasVideo, play } as const
  const aux = { streamType: 'aux', hasAudio: false, hasVideo: true, play } as const
  const streams = hasScreen ? [main, aux] : [main]
  return { userId, userName: '', kind: 'browser', role: 'anchor', streams, ...fields }
}
