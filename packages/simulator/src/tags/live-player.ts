import { FlvTagReader, isAudioFrame, isVideoFrame, type MediaFrame, type VideoFrame } from '@crossroom/media'

import type { Library } from '../codec/library.js'
import { PictureDecoder } from '../codec/picture-decoder.js'
import { SoundMeter } from '../codec/sound-meter.js'
import type { PlayConnection } from '../net/connection.js'
import { openPlay, type OpenPlay } from '../net/connections.js'
import { clockAgeMs, type Luma } from '../picture/clock-picture.js'
import { isRefusedUrl, PLAYER_CACHES, type PlayerCache, type Quirks } from '../quirks.js'
import { Lateness } from './lateness.js'

/** LiteAV tries again this often by itself before it says -2301. */
const RECONNECTS = 3
const NETSTATUS_MS = 2000
const MICROS_PER_MS = 1000

export interface LivePlayerOptions {
  /** Absent: frames are counted and not decoded. */
  readonly library: Library | undefined
  readonly quirks: Quirks
  /** Seconds, as `min-cache` and `max-cache`. */
  readonly cache: () => PlayerCache
  readonly raise: (code: number, message: string) => void
  readonly netstatus: (info: object) => void
  /** Default: RTMP or HTTP-FLV on a socket, by the address. */
  readonly connect?: OpenPlay | undefined
}

/** What arrived at one player so far. */
export interface PlayerStats {
  /** Pictures since the element was made. */
  readonly frames: number
  /** Pixels of the last picture; 0 before the first. */
  readonly width: number
  readonly height: number
  /** 0 silence to 100 full scale, since the last question. */
  readonly audioLevel: number
  /** Hz of a pure tone, since the last question; 0 when nothing came. */
  readonly pitch: number
  /** Sound since the element was made, in coded frames. */
  readonly audioFrames: number
  /** Age of the last picture with a clock when it was decoded, less the player's own cache; undefined without one. */
  readonly delayMs: number | undefined
  /** How much later the last picture came than the promptest of the last half minute: a delay that needs no clock. */
  readonly lateMs: number
}

/** What `<live-player>` does: RTMP or FLV, decoder, cache, and LiteAV's codes in LiteAV's order. */
export class LivePlayer {
  readonly #options: LivePlayerOptions
  readonly #pictures: PictureDecoder | undefined
  readonly #sound: SoundMeter | undefined
  #reader = new FlvTagReader()
  #lateness = new Lateness()
  #connection: PlayConnection | undefined
  #url = ''
  #reconnects = 0
  #retry: NodeJS.Timeout | undefined
  #report: NodeJS.Timeout | undefined
  #begin: NodeJS.Timeout | undefined
  #hungry: NodeJS.Timeout | undefined
  #frames = 0
  #audioFrames = 0
  #width = 0
  #height = 0
  #delayMs: number | undefined
  #lateMs = 0
  #isPlaying = false
  #counts = { video: 0, bytes: 0 }

  constructor(options: LivePlayerOptions) {
    this.#options = options
    if (options.library === undefined) return
    this.#pictures = new PictureDecoder(options.library, (luma) => this.#see(luma))
    this.#sound = new SoundMeter(options.library)
  }

  /** Plays; nothing while it does already. */
  play(url: string): void {
    if (this.#connection !== undefined || url === '') return
    this.#url = url
    this.#reconnects = 0
    if (isRefusedUrl(url, this.#options.quirks)) {
      this.#options.raise(-2301, 'The address is not one that this phone takes')
      return
    }
    this.#report = setInterval(() => this.#tellNetstatus(), NETSTATUS_MS)
    this.#connect()
  }

  /** Idempotent; `play` restarts. */
  stop(): void {
    for (const timer of [this.#retry, this.#begin, this.#hungry]) clearTimeout(timer)
    clearInterval(this.#report)
    const connection = this.#connection
    this.#connection = undefined
    connection?.close()
    this.#isPlaying = false
    this.#begin = undefined
  }

  /** The network is another one: the old connection stays half open at the server, LiteAV reconnects. */
  changeNetwork(): void {
    this.#connection?.vanish()
  }

  /** Stops for good. */
  close(): void {
    this.stop()
    this.#pictures?.close()
    this.#sound?.close()
  }

  stats(): PlayerStats {
    const { level, pitch } = this.#sound?.take() ?? { level: 0, pitch: 0 }
    return {
      frames: this.#frames,
      width: this.#width,
      height: this.#height,
      audioLevel: level,
      pitch,
      audioFrames: this.#audioFrames,
      delayMs: this.#delayMs,
      lateMs: this.#lateMs,
    }
  }

  #connect(): void {
    this.#reader = new FlvTagReader()
    this.#lateness = new Lateness()
    const { raise, connect = openPlay } = this.#options
    const isCurrent = (): boolean => this.#connection === connection
    const connection: PlayConnection = connect(this.#url, {
      connected: () => raise(2001, 'Connected to the server'),
      agreed: () => {
        raise(2002, 'Pulling')
        raise(2007, 'Loading')
      },
      media: (type, timestampMs, body) => {
        if (isCurrent()) this.#handleTag(type, timestampMs, body)
      },
      closed: (code) => {
        if (isCurrent()) this.#lost(code)
      },
    })
    this.#connection = connection
  }

  #lost(code: string | undefined): void {
    const { raise, quirks } = this.#options
    this.#connection = undefined
    this.#isPlaying = false
    clearTimeout(this.#begin)
    clearTimeout(this.#hungry)
    this.#begin = undefined
    if (this.#reconnects++ >= RECONNECTS) {
      raise(-2301, `The connection is lost, and three attempts were in vain: ${code ?? 'closed'}`)
      return
    }
    raise(2103, `Reconnecting, attempt ${String(this.#reconnects)}`)
    this.#retry = setTimeout(() => this.#connect(), quirks.reconnectMs)
  }

  #handleTag(type: number, timestampMs: number, body: Uint8Array): void {
    const frames: MediaFrame[] = []
    this.#counts.bytes += body.length
    this.#reader.readTag(type, timestampMs, body, Math.round(performance.now() * MICROS_PER_MS), frames)
    for (const frame of frames) {
      if (isVideoFrame(frame)) this.#handlePicture(frame)
      else if (isAudioFrame(frame)) {
        this.#audioFrames++
        this.#sound?.decode(frame)
        if (this.#width === 0) this.#beginSoon()
      }
    }
  }

  #handlePicture(frame: VideoFrame): void {
    const { raise } = this.#options
    this.#lateMs = Math.round(this.#lateness.handle(frame.dts / MICROS_PER_MS, performance.now()))
    this.#counts.video++
    this.#reconnects = 0
    this.#stayFed()
    if (this.#begin === undefined && frame.keyframe) raise(2003, 'The first keyframe is here')
    if (frame.config.width !== this.#width || frame.config.height !== this.#height) {
      this.#width = frame.config.width
      this.#height = frame.config.height
      raise(2009, `The picture is ${String(this.#width)}×${String(this.#height)}`)
    }
    this.#beginSoon()
    if (this.#pictures) this.#pictures.decode(frame)
    else this.#frames++
  }

  get #cache(): PlayerCache {
    const { cache, quirks } = this.#options
    return quirks.playerCache === 'asked' ? cache() : PLAYER_CACHES[quirks.playerCache]
  }

  /** The cache fills for `min-cache`, then the player begins. */
  #beginSoon(): void {
    this.#begin ??= setTimeout(() => {
      this.#isPlaying = true
      this.#options.raise(2004, 'Playing')
    }, this.#cache.min * 1000)
  }

  /** Without a picture for as long as the cache holds, the player waits, and says so. */
  #stayFed(): void {
    clearTimeout(this.#hungry)
    this.#hungry = setTimeout(
      () => {
        if (!this.#isPlaying) return
        this.#isPlaying = false
        this.#begin = undefined
        this.#options.raise(2105, 'The picture stands still')
        this.#options.raise(2007, 'Loading')
      },
      Math.max(1, this.#cache.max) * 1000,
    )
  }

  #see(luma: Luma): void {
    this.#frames++
    this.#width = luma.width
    this.#height = luma.height
    this.#delayMs = clockAgeMs(luma, Date.now())
  }

  #tellNetstatus(): void {
    const { video, bytes } = this.#counts
    this.#counts = { video: 0, bytes: 0 }
    const seconds = NETSTATUS_MS / 1000
    const netSpeed = Math.round((bytes * 8) / 1000 / seconds)
    const netQualityLevel = this.#isPlaying ? 1 : 6
    const videoFPS = Math.round(video / seconds)
    this.#options.netstatus({
      videoBitrate: netSpeed,
      videoFPS,
      netSpeed,
      netQualityLevel,
      videoWidth: this.#width,
      videoHeight: this.#height,
    })
  }
}
