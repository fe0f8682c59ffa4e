import type { AudioHints } from '../model/audio-hints.js'
import type { Micros } from '../machine/index.js'
import type { MediaFrame } from '../model/frame.js'
import type { VideoHints } from '../model/video-hints.js'
import { FlvAudioReader } from './audio-reader.js'
import { FlvTagType } from './codec-ids.js'
import { flvTagErrors, type FlvTagError } from './errors.js'
import { type FlvMetadata, isPlayersScript, parseMetadataBody } from './metadata.js'
import { ScriptQueue } from './script-queue.js'
import { FlvVideoReader } from './video-reader.js'

/** The counters of a FlvTagReader since its creation. */
export interface FlvTagCounters {
  readonly videoFrames: number
  readonly audioFrames: number
  /** Tags refused, for whatever reason. */
  readonly refusedTags: number
  /** Tracks other than the default one in multitrack tags. */
  readonly ignoredTracks: number
}

/**
 * Turns the bodies of FLV tags, which are the payloads of RTMP messages 8, 9 and 18, into frames. One per publisher.
 * Frames hold views of the bodies: the caller must not write to them afterwards. A config is a new object only when the
 * bytes of a sequence header or of a parameter set inside the stream changed.
 */
export class FlvTagReader {
  readonly #video = new FlvVideoReader()
  readonly #audio = new FlvAudioReader()
  readonly #scripts = new ScriptQueue()
  #metadata: FlvMetadata | undefined
  /** Metadata for configs, cached because tags arrive by the hundred per second. */
  #videoHints: VideoHints = {}
  #audioHints: AudioHints = {}
  #videoFrames = 0
  #audioFrames = 0
  #refusedTags = 0
  /** Tags without sense since the last frame, by tag type. */
  readonly #garbage = new Map<number, number>()
  #lastError: FlvTagError | undefined

  /** The last onMetaData. Frame rate and bit rates go into configs made after it. */
  get metadata(): FlvMetadata | undefined {
    return this.#metadata
  }

  /** Why the last refused tag was refused. */
  get lastError(): FlvTagError | undefined {
    return this.#lastError
  }

  get counters(): FlvTagCounters {
    return {
      videoFrames: this.#videoFrames,
      audioFrames: this.#audioFrames,
      refusedTags: this.#refusedTags,
      ignoredTracks: this.#video.ignoredTracks + this.#audio.ignoredTracks,
    }
  }

  /** Tags of this type that made no sense, since the last frame of it: a caller closes a publisher that sends nothing else. */
  garbageOf(tagType: number): number {
    return this.#garbage.get(tagType) ?? 0
  }

  /**
   * Reads one tag and appends the frame it holds, if any, to `out`.
   * @param tagType 8 audio, 9 video, 18 script data.
   * @param timestampMs milliseconds, unwrapped: beyond 2^32 it goes on.
   * @param receivedAt when the last byte arrived, on the server's clock.
   * @returns false when the tag is malformed, unsupported, or a frame without config; `lastError` then says why.
   */
  readTag(tagType: number, timestampMs: number, body: Uint8Array, receivedAt: Micros, out: MediaFrame[]): boolean {
    const framesBefore = out.length
    const error = this.#read(tagType, timestampMs, body, receivedAt, out)
    if (error !== undefined) {
      this.#lastError = error
      this.#refusedTags += 1
      if (error.isGarbage) this.#garbage.set(tagType, this.garbageOf(tagType) + 1)
      return false
    }
    if (out.length > framesBefore) {
      this.#garbage.delete(tagType)
      out[framesBefore] = this.#scripts.attach(out[framesBefore]!)
    }
    if (tagType === FlvTagType.video) this.#videoFrames += out.length - framesBefore
    else this.#audioFrames += out.length - framesBefore
    return true
  }

  #read(
    tagType: number,
    timestampMs: number,
    body: Uint8Array,
    receivedAt: Micros,
    out: MediaFrame[],
  ): FlvTagError | undefined {
    // Empty tags are sent to keep a connection alive, or when a microphone is off.
    if (body.length === 0) return undefined
    switch (tagType) {
      case FlvTagType.video:
        return this.#video.read(timestampMs, body, receivedAt, this.#videoHints, out)
      case FlvTagType.audio:
        return this.#audio.read(timestampMs, body, receivedAt, this.#audioHints, out)
      case FlvTagType.script:
        return this.#readScript(timestampMs, body)
      default:
        return flvTagErrors.unknownTagType
    }
  }

  #readScript(timestampMs: number, body: Uint8Array): FlvTagError | undefined {
    const metadata = parseMetadataBody(body)
    if (metadata === undefined) return flvTagErrors.badScriptData
    if (isPlayersScript(body)) {
      this.#scripts.push(timestampMs, body)
      return undefined
    }
    this.#metadata = metadata
    const { frameRate, videoBitrate: bitrate, orientation } = metadata
    this.#videoHints = { frameRate, bitrate, orientation }
    this.#audioHints = { bitrate: metadata.audioBitrate }
    return undefined
  }
}
