import { totalDelay } from './delay.js'
import { byId, element } from './dom.js'
import type { Protocol, Sample } from './player/source.js'
import { text } from './texts.js'
import { PROTOCOL_NAMES, partText } from './words.js'

const NONE = '–'

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

  /** Shows what was measured at `nowMs`. */
  show(nowMs: number, protocol: Protocol, sample: Sample, video: HTMLVideoElement): void {
    const before = this.#before
    this.#before = { atMs: nowMs, sample }
    const transport = sample.transport === undefined ? '' : ` / ${sample.transport.toUpperCase()}`
    this.#set('protocol', `${PROTOCOL_NAMES[protocol]}${transport}`)
    this.#set('picture', pictureText(video))
    this.#set('rate', rateText(perSecond(before, this.#before, 'pictures'), video))
    this.#set('bitrate', bitrateText(perSecond(before, this.#before, 'bytes')))
    const delayMs = totalDelay(sample.delay)
    this.#set('delay', delayMs === undefined ? NONE : delayText(delayMs))
    this.#tip.textContent = text(protocol === 'webrtc' ? 'delayWebrtc' : 'delayFlv')
    this.#parts.replaceChildren(...sample.delay.map((part) => element('li', '', partText(part))))
  }

  #set(name: string, value: string): void {
    const field = this.#fields.get(name)
    if (field !== undefined && field.textContent !== value) field.textContent = value
  }
}

function pictureText({ videoWidth, videoHeight, readyState }: HTMLVideoElement): string {
  if (videoWidth > 0) return `${String(videoWidth)} × ${String(videoHeight)}`
  return readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? text('soundOnly') : NONE
}

function rateText(picturesPerSecond: number | undefined, { videoWidth }: HTMLVideoElement): string {
  return picturesPerSecond === undefined || videoWidth === 0 ? NONE : `${picturesPerSecond.toFixed(0)} fps`
}

function delayText(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(2)} s`
}

function bitrateText(bytesPerSecond: number | undefined): string {
  if (bytesPerSecond === undefined) return NONE
  const kilobits = (bytesPerSecond * 8) / 1000
  return kilobits < 1000 ? `${kilobits.toFixed(0)} kbit/s` : `${(kilobits / 1000).toFixed(2)} Mbit/s`
}

function perSecond(before: Reading | undefined, now: Reading, field: 'bytes' | 'pictures'): number | undefined {
  const last = before?.sample[field]
  const current = now.sample[field]
  if (before === undefined || last === undefined || current === undefined || current < last) return undefined
  const seconds = (now.atMs - before.atMs) / 1000
  return seconds <= 0 ? undefined : (current - last) / seconds
}
