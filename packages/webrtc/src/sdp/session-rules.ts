import { HEADER_EXTENSION_URIS, type HeaderExtensionIds, type HeaderExtensionName } from '../rtp/extensions.js'
import type { NegotiatedCodec } from './codec-choice.js'
import type { RemoteDescription } from './remote-description.js'
import type { RemoteCodec, RemoteMedia } from './remote-media.js'

/** The most important first: those that tell whose a packet is, then those that measure the path. */
const NAMES = [
  ...(['mid', 'rid', 'repairedRid', 'transportSequence'] as const),
  ...(Object.keys(HEADER_EXTENSION_URIS) as HeaderExtensionName[]),
]

/**
 * Rules that all m-lines of a session share because they share one transport: in a BUNDLE group a payload type and
 * the id of a header extension mean one thing (RFC 9143 sections 9.1 and 10). Offers that give them two are taken as
 * far as that goes: the first meaning holds, the other is left out.
 */
export class PayloadTypes {
  readonly #meanings = new Map<number, string>()

  /** The m-line with what of its codecs can be agreed on beside the m-lines that were agreed on before. */
  remaining(media: RemoteMedia): RemoteMedia {
    const codecs = media.codecs.filter((codec) => this.#isFree(codec.payloadType, meaningOf(codec)))
    return { ...media, codecs: codecs.map((codec) => this.#withoutTakenHelpers(codec)) }
  }

  /** Records the agreement on an m-line from `remaining`. */
  take(media: RemoteMedia, agreed: readonly NegotiatedCodec[]): void {
    for (const { payloadType, rtxPayloadType, redPayloadType } of agreed) {
      const remote = media.codecs.find((codec) => codec.payloadType === payloadType)!
      this.#meanings.set(payloadType, meaningOf(remote))
      if (rtxPayloadType !== undefined) this.#meanings.set(rtxPayloadType, `rtx ${payloadType}`)
      if (redPayloadType !== undefined) this.#meanings.set(redPayloadType, `red ${payloadType}`)
    }
  }

  #withoutTakenHelpers(codec: RemoteCodec): RemoteCodec {
    const { rtxPayloadType: rtx, redPayloadType: red, ...rest } = codec
    return {
      ...rest,
      ...(rtx !== undefined && this.#isFree(rtx, `rtx ${codec.payloadType}`) && { rtxPayloadType: rtx }),
      ...(red !== undefined && this.#isFree(red, `red ${codec.payloadType}`) && { redPayloadType: red }),
    }
  }

  #isFree(payloadType: number, meaning: string): boolean {
    const taken = this.#meanings.get(payloadType)
    return taken === undefined || taken === meaning
  }
}

function meaningOf({ name, clockRate, channels, format }: RemoteCodec): string {
  return `${name}/${clockRate}/${channels} ${format}`
}

/** Of what each m-line of a session could have: one id for each extension, one extension for each id. */
export function agreeOnExtensions(lines: readonly HeaderExtensionIds[]): HeaderExtensionIds {
  const agreed: Partial<Record<HeaderExtensionName, number>> = {}
  const taken = new Set<number>()
  for (const name of NAMES) {
    const id = lines.map((ids) => ids[name]).find((one) => one !== undefined && !taken.has(one))
    if (id === undefined || agreed[name] !== undefined) continue
    agreed[name] = id
    taken.add(id)
  }
  return agreed
}

/** Those m-lines of the group that were accepted, in the group's order: the first one carries the transport (RFC 9143 section 7.3). */
export function acceptedBundle(offer: RemoteDescription, accepted: readonly { readonly mid: string }[]): string[] {
  const mids = accepted.map(({ mid }) => mid)
  return offer.bundle.length === 0 ? mids : offer.bundle.filter((mid) => mids.includes(mid))
}
