import type { AudioConfig, MediaFrame, Micros, VideoConfig } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import {
  Fanouts,
  SilenceFiller,
  StreamHub,
  StreamKey,
  Viewer,
  type ByteTransport,
  type BridgeOf,
  type EndReason,
  type Packer,
  type Publication,
  type PublicationEnd,
  type StartsAt,
  type Stream,
  type Tracks,
} from '../../packages/server/src/hub/index.js'
import { gopCacheLimits, publisherLimits, viewerLimits } from '../../packages/server/src/config/limits.js'

export const SECOND: Micros = 1_000_000
export const MS: Micros = 1000

export const videoConfig = (width = 1280, height = 720): VideoConfig => ({
  kind: 'video',
  codec: 'h264',
  description: Uint8Array.of(1),
  parameterSets: [],
  nalLengthSize: 4,
  width,
  height,
  codecString: 'avc1.42e01f',
  orientation: 0,
})

export const audioConfig = (): AudioConfig => ({
  kind: 'audio',
  codec: 'aac',
  description: Uint8Array.of(0x11, 0x90),
  sampleRate: 48_000,
  channels: 2,
  samplesPerFrame: 1024,
  codecString: 'mp4a.40.2',
})

/** One line per thing written, so that a test reads what a viewer got: `start`, `config 1280`, `key 0`, `video 40`, `audio 21`. */
class TextPacker implements Packer {
  start(tracks: Tracks): Uint8Array {
    return line(`start ${tracks.video === undefined ? '' : 'video'}${tracks.audio === undefined ? '' : 'audio'}`)
  }
  byteLengthOfConfig(config: VideoConfig | AudioConfig): number {
    return configLine(config).length
  }
  writeConfig(config: VideoConfig | AudioConfig, _ms: number, out: Uint8Array, offset: number): number {
    return put(configLine(config), out, offset)
  }
  byteLengthOfFrame(frame: MediaFrame, ms: number): number {
    return frameLine(frame, ms).length
  }
  writeFrame(frame: MediaFrame, ms: number, out: Uint8Array, offset: number): number {
    return put(frameLine(frame, ms), out, offset)
  }
}

function configLine(config: VideoConfig | AudioConfig): Uint8Array {
  return line(config.kind === 'video' ? `config ${String(config.width)}` : `config ${config.codec}`)
}

function frameLine(frame: MediaFrame, ms: number): Uint8Array {
  const name = frame.config.kind === 'audio' ? 'audio' : frame.keyframe ? 'key' : 'video'
  const padding = frame.units[0]!.length
  return line(`${name} ${String(ms)}`.padEnd(padding))
}

const line = (text: string): Uint8Array => new TextEncoder().encode(`${text}\n`)
const put = (bytes: Uint8Array, out: Uint8Array, offset: number): number => {
  out.set(bytes, offset)
  return offset + bytes.length
}

/** A transport whose readiness the test decides. */
export class FakeTransport implements ByteTransport {
  readonly chunks: Uint8Array[] = []
  open = true
  closed: EndReason | 'stalled' | undefined
  buffered = 0

  write(bytes: Uint8Array): boolean {
    this.chunks.push(bytes)
    if (!this.open) this.buffered += bytes.length
    return this.open
  }

  close(reason: EndReason | 'stalled'): void {
    this.closed = reason
  }

  /** What the viewer got so far, one entry per line. */
  get lines(): string[] {
    const text = Buffer.concat(this.chunks).toString()
    return text === ''
      ? []
      : text
          .trimEnd()
          .split('\n')
          .map((entry) => entry.trimEnd())
  }
}

/** A hub on a virtual clock, with publishers and viewers to play with. */
export class Stage {
  readonly clock = new VirtualClock(SECOND)
  readonly hub: StreamHub
  readonly fanouts = new Fanouts()
  readonly ends: PublicationEnd[] = []
  /** Whether publishers can be asked for keyframes. */
  isAskable = false
  /** How often the publisher was asked for a keyframe. */
  keyframeRequests = 0
  /** Makes pictures for viewers that would wait for a keyframe; nobody does unless a test says so. */
  bridgeOf: BridgeOf = () => undefined
  #ids = 0

  /** `silentMicros`: how long publishers may be silent, for scenarios of many days. */
  constructor(limits: { silentMicros?: Micros } = {}) {
    this.hub = new StreamHub(this.clock, { gopCache: gopCacheLimits, ...publisherLimits, ...limits })
  }

  get stream(): Stream {
    return this.hub.open(StreamKey.plain('live/x'))
  }

  publish(subject?: string): Publication | undefined {
    return this.stream.publish({
      id: `p${String(this.#ids++)}`,
      protocol: 'rtmp',
      remoteAddress: '127.0.0.1',
      ...(subject === undefined ? {} : { subject }),
      onClose: (reason) => this.ends.push(reason),
      ...(this.isAskable && { requestKeyframe: () => void this.keyframeRequests++ }),
    })
  }

  /** `stream`: another one than the stage's. `packer`: what writes the frames, by default as text; `fillsSilence`: as `?audio=always`. */
  watch(
    options: {
      mergeMicros?: Micros
      fillsSilence?: boolean
      packer?: Packer
      stream?: Stream
      startsAt?: StartsAt
    } = {},
  ): {
    transport: FakeTransport
    viewer: Viewer
    leave: () => void
  } {
    const transport = new FakeTransport()
    const info = { id: `v${String(this.#ids++)}`, protocol: 'http-flv', remoteAddress: '127.0.0.1' }
    const totals = { bytesOut: 0, framesOut: 0, framesDropped: 0 }
    const viewer = new Viewer(info, transport, this.clock, viewerLimits, totals)
    const { fillsSilence = false, packer = new TextPacker() } = options
    const fanout = this.fanouts.of(
      options.stream ?? this.stream,
      `${packer.constructor.name} ${String(fillsSilence)}`,
      () => ({
        packer,
        clock: this.clock,
        audioMergeMicros: options.mergeMicros ?? 0,
        startsAt: options.startsAt ?? 'recovery-point',
        bridgeOf: this.bridgeOf,
        ...(fillsSilence ? { filter: new SilenceFiller() } : {}),
      }),
    )
    return { transport, viewer, leave: fanout.add(viewer) }
  }

  frame(config: VideoConfig | AudioConfig, dts: Micros, keyframe = config.kind === 'audio', bytes = 1): MediaFrame {
    return {
      config,
      dts,
      pts: dts,
      keyframe,
      units: [new Uint8Array(bytes)],
      receivedAt: this.clock.now(),
      droppable: false,
    }
  }

  /** Publishes video at 25 frames a second in real time, a keyframe every `gop` frames, starting at source time `from`. */
  play(
    publication: Publication,
    config: VideoConfig,
    options: { from?: Micros; frames: number; gop: number; bytes?: number; audio?: AudioConfig },
  ): void {
    const from = options.from ?? 0
    for (let i = 0; i < options.frames; i++) {
      const dts = from + i * 40 * MS
      publication.push(this.frame(config, dts, i % options.gop === 0, options.bytes))
      if (options.audio !== undefined) publication.push(this.frame(options.audio, dts + 5 * MS))
      this.clock.advance(40 * MS)
    }
  }
}
