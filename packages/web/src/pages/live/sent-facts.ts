import { byId, element } from './dom.js'
import { NONE, bitrateText, growth, rateText, sizeText } from '../../i18n/figures.js'
import type { Limitation, SentReading } from '@crossroom/client/stream'
import { text, type TextKey } from './texts.js'

const LIMITATIONS: Readonly<Record<Exclude<Limitation, 'none'>, TextKey>> = {
  cpu: 'limitedCpu',
  bandwidth: 'limitedBandwidth',
  other: 'limitedOther',
}

/** The figures below the preview: the sent media, over the last second. */
export class SentFacts {
  readonly #fields = new Map<string, HTMLElement>()
  readonly #parts = byId('sent-parts', HTMLUListElement)
  #before: { readonly atMs: number; readonly reading: SentReading } | undefined

  constructor() {
    for (const field of document.querySelectorAll<HTMLElement>('[data-sent]')) {
      this.#fields.set(field.dataset['sent']!, field)
    }
  }

  clear(): void {
    this.#before = undefined
    for (const field of this.#fields.values()) field.textContent = NONE
    this.#parts.replaceChildren()
  }

  /** Shows the measurements of `nowMs`. */
  show(nowMs: number, reading: SentReading): void {
    const before = this.#before
    this.#before = { atMs: nowMs, reading }
    const perSecond = (field: 'bytes' | 'pictures'): number | undefined =>
      growth(before && { atMs: before.atMs, count: before.reading[field] }, { atMs: nowMs, count: reading[field] })
    const { width, height, roundTripMs, lost, transport } = reading
    this.#set('transport', `WebRTC${transport === undefined ? '' : ` / ${transport.toUpperCase()}`}`)
    this.#set('picture', width === undefined || height === undefined ? NONE : sizeText(width, height))
    this.#set('rate', rateText(perSecond('pictures')))
    this.#set('bitrate', bitrateText(perSecond('bytes')))
    this.#set('roundTrip', roundTripMs === undefined ? NONE : `${roundTripMs.toFixed(0)} ms`)
    this.#set('lost', lost === undefined ? NONE : `${(lost * 100).toFixed(1)} %`)
    this.#parts.replaceChildren(...partsOf(reading).map((part) => element('li', '', part)))
  }

  #set(name: string, value: string): void {
    const field = this.#fields.get(name)
    if (field !== undefined && field.textContent !== value) field.textContent = value
  }
}

function partsOf({ videoCodec, audioCodec, limitation }: SentReading): string[] {
  const codecs = [videoCodec, audioCodec].filter((codec) => codec !== undefined)
  return [
    ...(codecs.length === 0 ? [] : [text('codecsSent', { codecs: codecs.join(', ') })]),
    ...(limitation === undefined || limitation === 'none' ? [] : [text(LIMITATIONS[limitation])]),
  ]
}
