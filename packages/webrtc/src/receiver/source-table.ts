import type { HeaderExtensionIds, HeaderExtensions } from '../rtp/extensions.js'
import type { NegotiatedMedia } from '../sdp/negotiate.js'
import { layersOf } from '../sdp/remote-media.js'
import { RateLimit } from '../transport/rate-limit.js'

/** Sources that one peer may have at a time (threat W7). */
export const MAX_SOURCES = 16

/** Packets per second of one source: a camera of 25 Mbit/s (threat W7). */
export const MAX_PACKETS_PER_SECOND_OF_SOURCE = 3000

/** The part of an accepted m-line that the receiver uses; `NegotiatedMedia` fits. */
export type ReceivedMedia = Pick<NegotiatedMedia, 'mid' | 'kind' | 'codecs' | 'extensions' | 'remote' | 'rids'>

/** The identified source of an SSRC. */
export interface Source {
  readonly ssrc: number
  readonly media: ReceivedMedia
  /** Simulcast layer. */
  readonly rid: string | undefined
  /** A stream of retransmissions (RFC 4588). */
  readonly isRtx: boolean
  readonly rate: RateLimit
}

/**
 * Finds out to which m-line and layer an SSRC belongs: as the SDP announced it, by the mid and rid that its first packets carry
 * (RFC 9143 section 9.2, RFC 8852), or by a payload type that only one m-line has.
 */
export class SourceTable {
  readonly #sources = new Map<number, Source>()
  /**
   * Sources of m-lines that are held. A browser whose camera comes back sends on under the same SSRCs, and libwebrtc
   * stops sending mid and rid once its packets are acknowledged.
   */
  readonly #held = new Map<number, Source>()
  #media: readonly ReceivedMedia[] = []
  #extensions: HeaderExtensionIds = {}

  /** The ids of all m-lines; in a BUNDLE group one id means the same everywhere (RFC 9143 section 10). */
  get extensions(): HeaderExtensionIds {
    return this.#extensions
  }

  get media(): readonly ReceivedMedia[] {
    return this.#media
  }

  /** Takes the m-lines of a (new) negotiation. Sources of m-lines that are gone are held until those come back. */
  setMedia(media: readonly ReceivedMedia[]): void {
    this.#media = media
    this.#extensions = Object.assign({}, ...media.map((one) => one.extensions)) as HeaderExtensionIds
    for (const [ssrc, source] of this.#sources) {
      const now = media.find((one) => one.mid === source.media.mid)
      if (now === undefined) this.#hold(ssrc, source)
      else this.#sources.set(ssrc, { ...source, media: now })
    }
    for (const source of [...this.#held.values()]) this.#takeBack(source)
    for (const one of media) this.#announce(one)
  }

  #hold(ssrc: number, source: Source): void {
    this.#sources.delete(ssrc)
    this.#held.set(ssrc, source)
    const [oldest] = this.#held.keys()
    if (this.#held.size > MAX_SOURCES && oldest !== undefined) this.#held.delete(oldest)
  }

  #takeBack(source: Source): void {
    const media = this.#media.find((one) => one.mid === source.media.mid)
    if (media === undefined) return
    this.#held.delete(source.ssrc)
    const layers = layersOf(media)
    const isLayer = source.rid === undefined ? layers.length === 0 : layers.includes(source.rid)
    if (isLayer) this.#add({ ssrc: source.ssrc, media, rid: source.rid, isRtx: source.isRtx })
  }

  #announce(media: ReceivedMedia): void {
    // With rids, only the packets say which announced SSRC is which layer.
    if (media.rids.length > 0) return
    const layers = media.remote.filter(({ layer }) => layer !== undefined)
    for (const { ssrc, rtxSsrc, layer: rid } of layers.length > 0 ? layers : media.remote.slice(0, 1)) {
      this.#add({ ssrc, media, rid, isRtx: false })
      if (rtxSsrc !== undefined) this.#add({ ssrc: rtxSsrc, media, rid, isRtx: true })
    }
  }

  /** The source of a packet; undefined when it is not known yet. */
  find(ssrc: number): Source | undefined {
    return this.#sources.get(ssrc)
  }

  /** Learns from a packet of an unknown SSRC; undefined when it does not tell enough, or there are too many sources. */
  learn(ssrc: number, payloadType: number, extensions: HeaderExtensions): Source | undefined {
    const media = this.#mediaOf(payloadType, extensions.mid)
    if (media === undefined) return undefined
    const isRtx = media.codecs.some((codec) => codec.rtxPayloadType === payloadType)
    const layers = layersOf(media)
    const rid = isRtx ? extensions.repairedRid : extensions.rid
    if (layers.length > 0 && (rid === undefined || !layers.includes(rid))) return undefined
    // Announced, and not the stream that is taken: another track on the same m-line (plan B).
    if (layers.length === 0 && media.remote.slice(1).some((other) => other.ssrc === ssrc)) return undefined
    return this.#add({ ssrc, media, rid: layers.length > 0 ? rid : undefined, isRtx })
  }

  #mediaOf(payloadType: number, mid: string | undefined): ReceivedMedia | undefined {
    const isAgreed = ({ codecs }: ReceivedMedia): boolean =>
      codecs.some(
        (codec) =>
          codec.payloadType === payloadType ||
          codec.rtxPayloadType === payloadType ||
          codec.redPayloadType === payloadType,
      )
    const candidates = this.#media.filter((media) => isAgreed(media) && (mid === undefined || media.mid === mid))
    return candidates.length === 1 ? candidates[0] : undefined
  }

  #add(found: Omit<Source, 'rate'>): Source | undefined {
    const known = this.#sources.get(found.ssrc)
    if (known === undefined && this.#sources.size >= MAX_SOURCES) return undefined
    const source = { ...found, rate: known?.rate ?? new RateLimit(MAX_PACKETS_PER_SECOND_OF_SOURCE, 0) }
    this.#sources.set(source.ssrc, source)
    return source
  }

  /** Makes room for another SSRC: this one is over, and what repeated its packets as well. */
  remove(ssrc: number): void {
    const gone = this.#sources.get(ssrc)
    this.#sources.delete(ssrc)
    if (gone === undefined || gone.isRtx) return
    for (const [repair, { isRtx, media, rid }] of this.#sources) {
      const isItsOwn = isRtx && media.mid === gone.media.mid && rid === gone.rid
      if (isItsOwn && media.remote.every(({ rtxSsrc }) => rtxSsrc !== repair)) this.#sources.delete(repair)
    }
  }
}
