import { isVideoFrame, type MediaFrame } from '@crossroom/media'

import type { Camera } from '../camera/camera.js'
import type { PushConnection } from '../net/connection.js'
import { openPush, type OpenPush } from '../net/connections.js'
import { isRefusedUrl, type Quirks } from '../quirks.js'
import { FlvSender } from './flv-sender.js'

/** LiteAV tries again this often by itself before it says -1307. */
const RECONNECTS = 3
/** Past it pictures are left out until the network has taken what waits. */
const MAX_BACKLOG = 512 * 1024
const NETSTATUS_MS = 2000

export interface LivePusherOptions {
  readonly quirks: Quirks
  /** Opened when pushing starts. Throws a sentence without a camera; `failed` reports a camera that ends later. */
  readonly openCamera: (failed: (sentence: string) => void) => Camera
  readonly raise: (code: number, message: string) => void
  readonly netstatus: (info: object) => void
  /** Default: RTMP on a socket. */
  readonly connect?: OpenPush | undefined
}

/** What `<live-pusher>` does: camera, encoder, RTMP, and LiteAV's codes in LiteAV's order. */
export class LivePusher {
  readonly #options: LivePusherOptions
  #url = ''
  #camera: Camera | undefined
  #connection: PushConnection | undefined
  #sender: FlvSender | undefined
  #reconnects = 0
  #retry: NodeJS.Timeout | undefined
  #report: NodeJS.Timeout | undefined
  #awaitsKeyframe = true
  #hasSent = false
  #isPaused = false
  #size = ''
  #counts = { video: 0, videoBytes: 0, audioBytes: 0 }

  constructor(options: LivePusherOptions) {
    this.#options = options
  }

  get camera(): Camera | undefined {
    return this.#camera
  }

  /** Opens the camera and pushes; nothing while it does already. */
  start(url: string): void {
    if (this.#camera !== undefined || url === '') return
    const { raise, quirks } = this.#options
    this.#url = url
    this.#reconnects = 0
    this.#hasSent = false
    if (isRefusedUrl(url, quirks)) {
      raise(-1313, 'The address is not one that this phone takes')
      return
    }
    try {
      this.#camera = this.#options.openCamera((sentence) => raise(-1301, sentence))
    } catch (problem) {
      raise(-1301, (problem as Error).message)
      return
    }
    raise(1003, 'The camera is open')
    raise(1008, 'The encoder runs')
    this.#camera.start((frame) => this.#handleFrame(frame))
    this.#report = setInterval(() => this.#tellNetstatus(), NETSTATUS_MS)
    this.#connect()
  }

  /** Closes the camera and takes leave. Idempotent. */
  stop(): void {
    clearTimeout(this.#retry)
    clearInterval(this.#report)
    this.#camera?.stop()
    this.#camera = undefined
    const connection = this.#connection
    this.#connection = undefined
    this.#sender = undefined
    connection?.close()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#awaitsKeyframe = true
    this.#camera?.askKeyframe()
  }

  /** The network is another one: the old connection stays half open at the server, LiteAV reconnects. */
  changeNetwork(): void {
    this.#connection?.vanish()
  }

  #connect(): void {
    const { raise, quirks, connect = openPush } = this.#options
    let agreed = false
    const connection: PushConnection = connect(this.#url, {
      connected: () => raise(1001, 'Connected to the server'),
      agreed: () => {
        agreed = true
        this.#reconnects = 0
        this.#sender = new FlvSender(connection, quirks)
        this.#awaitsKeyframe = true
        this.#camera?.askKeyframe()
        if (!quirks.without1002) raise(1002, 'Handshake done, pushing')
      },
      media: () => undefined,
      closed: (code) => {
        if (this.#connection === connection) this.#lost(agreed, code)
      },
    })
    this.#connection = connection
  }

  #lost(agreed: boolean, code: string | undefined): void {
    const { raise, quirks } = this.#options
    this.#connection = undefined
    this.#sender = undefined
    // A server that refuses or ends the stream will do so again: LiteAV leaves that to the page.
    if (code !== undefined) {
      raise(3004, `The server closed the connection: ${code}`)
      return
    }
    if (!agreed && this.#reconnects === 0) raise(3002, 'No connection to the server')
    if (this.#reconnects++ >= RECONNECTS) {
      raise(-1307, 'The connection is lost, and three attempts were in vain')
      return
    }
    raise(1102, `Reconnecting, attempt ${String(this.#reconnects)}`)
    this.#retry = setTimeout(() => this.#connect(), quirks.reconnectMs)
  }

  #handleFrame(frame: MediaFrame): void {
    const connection = this.#connection
    const sender = this.#sender
    if (connection === undefined || sender === undefined || this.#isPaused) return
    if (isVideoFrame(frame)) {
      if (!this.#maySend(frame, connection)) return
      this.#tellSize(`${String(frame.config.width)}×${String(frame.config.height)}`)
      this.#counts.video++
    }
    const bytes = frame.units.reduce((sum, unit) => sum + unit.length, 0)
    this.#counts[isVideoFrame(frame) ? 'videoBytes' : 'audioBytes'] += bytes
    sender.send(frame)
  }

  /** After a pause, a reconnection or a full network only a keyframe begins again. */
  #maySend(frame: MediaFrame, connection: PushConnection): boolean {
    if (connection.backlog > MAX_BACKLOG) {
      if (!this.#awaitsKeyframe) this.#options.raise(1101, 'The network does not take the pictures')
      this.#awaitsKeyframe = true
      this.#camera?.askKeyframe()
      return false
    }
    if (this.#awaitsKeyframe && !frame.keyframe) return false
    this.#awaitsKeyframe = false
    if (!this.#hasSent) this.#options.raise(1007, 'The first picture is on its way')
    this.#hasSent = true
    return true
  }

  #tellSize(size: string): void {
    if (size !== this.#size && this.#size !== '') this.#options.raise(1005, `The picture is ${size}`)
    this.#size = size
  }

  #tellNetstatus(): void {
    const { video, videoBytes, audioBytes } = this.#counts
    this.#counts = { video: 0, videoBytes: 0, audioBytes: 0 }
    const seconds = NETSTATUS_MS / 1000
    const kbits = (bytes: number): number => Math.round((bytes * 8) / 1000 / seconds)
    const [videoWidth, videoHeight] = this.#size.split('×').map(Number)
    this.#options.netstatus({
      videoBitrate: kbits(videoBytes),
      audioBitrate: kbits(audioBytes),
      videoFPS: Math.round(video / seconds),
      netSpeed: kbits(videoBytes + audioBytes),
      netQualityLevel: this.#connection === undefined ? 6 : 1,
      videoWidth: videoWidth ?? 0,
      videoHeight: videoHeight ?? 0,
    })
  }
}
