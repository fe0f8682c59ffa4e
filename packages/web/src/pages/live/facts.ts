import { totalDelay } from '@crossroom/client/stream'
import { byId, element } from './dom.js'
import { NONE, bitrateText, delayText, growth, rateText, sizeText } from '../../i18n/figures.js'
import type { Protocol, Sample } from '@crossroom/client/stream'
import { text } from './texts.js'
import { PROTOCOL_NAMES, partText } from './words.js'

interface Reading {
  readonly atMs: number
  readonly sample: Sample
}

/** The figures under the picture: protocol, size, frame rate, bitrate and delay, over the last second. */
export class Facts {
  readonly #fields = new Map<string, HTMLElement>()
  readonly #tip = byId('delay-tip', HTMLSpanElement)
  readonly #parts = byId('delay-parts', HTMLUListElement)
  #before: Reading | undefined

  constructor() {
    for (const field of document.querySelectorAll<HTMLElement>('[data-fact]')) {
      this.#fields.set(field.dataset['fact']!, field)
    }
  }

  clear(): void {
    this.#before = undefined
    for (const field of this.#fields.values()) field.textContent = NONE
    this.#parts.replaceChildren()
  }

  /** Shows the measurements of `nowMs`. */
  show(nowMs: number, protocol: Protocol, sample: Sample, video: HTMLVideoElement): void {
    const before = this.#before
    this.#before = { atMs: nowMs, sample }
    const transport = sample.transport === undefined ? '' : ` / ${sample.transport.toUpperCase()}`
    this.#set('protocol', `${PROTOCOL_NAMES[protocol]}${transport}`)
    this.#set('picture', pictureText(video))
    this.#set('rate', video.videoWidth === 0 ? NONE : rateText(perSecond(before, this.#before, 'pictures')))
    this.#set('bitrate', bitrateText(perSecond(before, this.#before, 'bytes')))
    const delayMs = totalDelay(sample.delay)
    this.#set('delay', delayText(delayMs))
    this.#tip.textContent = text(protocol === 'webrtc' ? 'delayWebrtc' : 'delayFlv')
    this.#parts.replaceChildren(...sample.delay.map((part) => element('li', '', partText(part))))
  }

  #set(name: string, value: string): void {
    const field = this.#fields.get(name)
    if (field !== undefined && field.textContent !== value) field.textContent = value
  }
}

function pictureText({ videoWidth, videoHeight, readyState }: HTMLVideoElement): string {
  if (videoWidth > 0) return sizeText(videoWidth, videoHeight)
  return readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? text('soundOnly') : NONE
}

function perSecond(before: Reading | undefined, now: Reading, field: 'bytes' | 'pictures'): number | undefined {
  return growth(before && { atMs: before.atMs, count: before.sample[field] }, {
    atMs: now.atMs,
    count: now.sample[field],
  })
}
