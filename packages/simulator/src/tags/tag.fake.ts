import type { MediaMessageType } from '@crossroom/rtmp'

import type { Camera, CameraSettings } from '../camera/camera.js'
import { TestCamera } from '../camera/test-camera.js'
import type { Library } from '../codec/library.js'
import type { ConnectionHandlers, PushConnection } from '../net/connection.js'
import { DEFAULT_QUIRKS, type Quirks } from '../quirks.js'

/** A camera that costs next to nothing. */
export const settings: CameraSettings = {
  width: 64,
  height: 64,
  frameRate: 5,
  bitrate: 100_000,
  sampleRate: 16_000,
  isCameraOn: true,
  isMicrophoneOn: true,
}

export function quirksOf(quirks: Partial<Quirks>): Quirks {
  return { ...DEFAULT_QUIRKS, ...quirks }
}

export function testCamera(library: Library, quirks: Partial<Quirks> = {}, from = settings): Camera {
  return new TestCamera(from, { library, quirks: quirksOf(quirks), name: 'phone', pitch: 440 })
}

/** A connection that leads nowhere: the test is the network and the server. */
export class FakeConnection implements PushConnection {
  readonly url: string
  readonly handlers: ConnectionHandlers
  readonly sent: { readonly type: number; readonly timestampMs: number; readonly body: Uint8Array }[] = []
  /** Whole pieces of a chunk stream, as `sendBytes` was given them. */
  readonly pieces: Uint8Array[] = []
  readonly chunks = { size: 128, streamId: 1 }
  backlog = 0
  closed = false
  vanished = false

  constructor(url: string, handlers: ConnectionHandlers) {
    this.url = url
    this.handlers = handlers
  }

  /** The server takes it. */
  agree(): void {
    this.handlers.connected()
    this.handlers.agreed()
  }

  send(type: MediaMessageType, timestampMs: number, body: Uint8Array): void {
    this.sent.push({ type, timestampMs, body })
  }

  sendBytes(bytes: Uint8Array): void {
    this.pieces.push(bytes)
  }

  close(): void {
    this.closed = true
  }

  vanish(): void {
    this.vanished = true
    this.handlers.closed(undefined)
  }
}

/** What a tag said and which connections it opened, oldest first. */
export class TagStage {
  readonly codes: number[] = []
  readonly connections: FakeConnection[] = []
  readonly raise = (code: number): void => void this.codes.push(code)
  readonly netstatus = (): void => undefined
  readonly connect = (url: string, handlers: ConnectionHandlers): FakeConnection => {
    const connection = new FakeConnection(url, handlers)
    this.connections.push(connection)
    return connection
  }

  get newest(): FakeConnection {
    return this.connections.at(-1)!
  }

  /** The codes since the last call. */
  take(): number[] {
    return this.codes.splice(0)
  }
}
