import { buildOpusHead, audioConfigFromOpusHead, videoConfigFromH264, type VideoConfig } from '@crossroom/media'
import type { Publication, Stream, StreamHub, StreamKey } from '../../../hub/index.js'
import { systemClock } from '../../../net/index.js'
import { buildSps } from '../../../../../media/src/h264/sps.fake.js'

const PPS = Uint8Array.of(0x68, 0xce, 0x38, 0x80)
const FRAME_MS = 33
const OPUS = audioConfigFromOpusHead(buildOpusHead({ channels: 2, preSkip: 312, inputSampleRate: 48_000 }))!

function h264(width: number): VideoConfig {
  const sps = buildSps({ profileIdc: 66, orderCountType: 2, macroblocksWide: width / 16, macroblocksHigh: 12 })
  return videoConfigFromH264([sps], [PPS])!
}

export interface RoomStreamOptions {
  readonly tag: number
  /** Pixels; default 640. */
  readonly width?: number
  /** Of each picture; default 3. */
  readonly bytes?: number
}

/** A member's stream in the hub: H.264 of a given width and Opus, live, with a keyframe at first and whenever asked. */
export class RoomStream {
  readonly stream: Stream
  keyframesAsked = 0
  /** The longest between two pictures so far: a busy machine makes it more than {@link FRAME_MS}. */
  longestPause = 0
  readonly #tag: number
  readonly #bytes: number
  readonly #config: VideoConfig
  readonly #publication: Publication
  readonly #timer: NodeJS.Timeout
  readonly #startedAt = systemClock.now()
  #isKeyframeDue = true
  #pushedAt = this.#startedAt

  /** `tag` stands in every frame, so that a viewer's frame can be told from another's. */
  constructor(hub: StreamHub, key: StreamKey, { tag, width = 640, bytes = 3 }: RoomStreamOptions) {
    this.stream = hub.open(key)
    this.#tag = tag
    this.#bytes = bytes
    this.#config = h264(width)
    this.#publication = this.stream.publish({
      ...{ id: key.name, protocol: 'webrtc', remoteAddress: '127.0.0.1', subject: key.name },
      onClose: () => clearInterval(this.#timer),
      requestKeyframe: () => {
        this.keyframesAsked++
        this.#isKeyframeDue = true
      },
    })!
    this.#timer = setInterval(() => this.#push(), FRAME_MS)
    this.#push()
  }

  end(): void {
    clearInterval(this.#timer)
    this.#publication.end()
  }

  /** Falls silent without an end, as a browser whose path is full. */
  pause(): void {
    clearInterval(this.#timer)
  }

  #push(): void {
    const now = systemClock.now()
    this.longestPause = Math.max(this.longestPause, now - this.#pushedAt)
    this.#pushedAt = now
    const pts = now - this.#startedAt
    const times = { pts, dts: pts, receivedAt: now, droppable: false }
    const keyframe = this.#isKeyframeDue
    this.#isKeyframeDue = false
    const picture = new Uint8Array(this.#bytes).fill(0x9a)
    picture[0] = keyframe ? 0x65 : 0x41
    picture[this.#bytes - 1] = this.#tag
    this.#publication.push({ ...times, config: this.#config, keyframe, units: [picture] })
    this.#publication.push({ ...times, config: OPUS, keyframe: true, units: [Uint8Array.of(0x08, this.#tag)] })
  }
}
