import { byId, element } from './dom.js'
import { fetchStreams, type ListedStream, type StreamList } from '../streams.js'
import { text, type TextKey } from './texts.js'

const REFRESH_MS = 2_000
const KEY_STORED_AT = 'crossroom.api-key'

const HIDDEN_TEXTS: Readonly<Record<Extract<StreamList, { kind: 'hidden' }>['why'], TextKey>> = {
  key: 'hiddenKey',
  local: 'hiddenLocal',
  elsewhere: 'hiddenElsewhere',
  unreachable: 'hiddenUnreachable',
}

/** The list beside the picture, asked for every two seconds while the page is seen. */
export class StreamListView {
  readonly #list = byId('streams', HTMLUListElement)
  readonly #note = byId('streams-note', HTMLParagraphElement)
  readonly #keyForm = byId('key-form', HTMLFormElement)
  readonly #key = byId('key', HTMLInputElement)
  readonly #choose: (name: string) => void
  readonly #changed: (streams: readonly ListedStream[]) => void
  #answer: StreamList | undefined
  #current: string | undefined
  /** The shown list, so that an unchanged list is not rebuilt and keeps the focus. */
  #shown = ''

  constructor(choose: (name: string) => void, changed: (streams: readonly ListedStream[]) => void) {
    this.#choose = choose
    this.#changed = changed
    this.#keyForm.addEventListener('submit', (event) => {
      event.preventDefault()
      sessionStorage.setItem(KEY_STORED_AT, this.#key.value)
      void this.refresh()
    })
    document.addEventListener('visibilitychange', () => void this.refresh())
    void this.#keepFresh()
  }

  /** Marks the stream that plays. */
  set current(name: string | undefined) {
    this.#current = name
    this.show()
  }

  /** Asks the server once. */
  async refresh(): Promise<void> {
    this.#answer = await fetchStreams(sessionStorage.getItem(KEY_STORED_AT) ?? undefined)
    this.show()
    this.#changed(this.#answer.kind === 'streams' ? this.#answer.streams : [])
  }

  /** Writes the last answer again, for example in another language. */
  show(): void {
    const answer = this.#answer
    if (answer === undefined) return
    const streams = answer.kind === 'streams' ? answer.streams : []
    const state = JSON.stringify([document.documentElement.lang, this.#current, answer])
    if (state === this.#shown) return
    this.#shown = state
    this.#showItems(streams)
    this.#keyForm.hidden = answer.kind !== 'hidden' || answer.why !== 'key'
    this.#note.textContent = noteOf(answer)
    this.#note.hidden = this.#note.textContent === ''
  }

  #showItems(streams: readonly ListedStream[]): void {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['stream'] : undefined
    const items = streams.map((stream) => this.#item(stream))
    this.#list.replaceChildren(...items.map((item) => element('li', '', item)))
    items.find((item) => item.dataset['stream'] === focused)?.focus()
  }

  #item(stream: ListedStream): HTMLAnchorElement {
    const item = element(
      'a',
      stream.live ? 'stream live' : 'stream',
      element('span', 'dot'),
      element('span', 'name', stream.name),
      element('span', 'about', aboutText(stream)),
    )
    item.href = `?stream=${encodeURIComponent(stream.name)}`
    item.dataset['stream'] = stream.name
    if (stream.name === this.#current) item.setAttribute('aria-current', 'true')
    item.addEventListener('click', (event) => {
      // With a modifier key the browser opens the link in a new tab or window.
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
      event.preventDefault()
      this.#choose(stream.name)
    })
    return item
  }

  async #keepFresh(): Promise<void> {
    if (document.visibilityState === 'visible') await this.refresh()
    window.setTimeout(() => void this.#keepFresh(), REFRESH_MS)
  }
}

function noteOf(answer: StreamList): string {
  if (answer.kind === 'hidden') return text(HIDDEN_TEXTS[answer.why])
  return answer.streams.length === 0 ? `${text('noStreams')} ${text('noStreamsHow')}` : ''
}

function aboutText({ live, video, audio, viewers }: ListedStream): string {
  const facts: string[] = []
  if (video !== undefined) {
    facts.push(video.width > 0 ? `${String(video.width)}×${String(video.height)}` : '', video.codec.toUpperCase())
  }
  if (audio !== undefined) facts.push(video === undefined ? text('soundOnly') : '', audio.codec.toUpperCase())
  if (!live) facts.push(text('paused'))
  else if (video === undefined && audio === undefined) facts.push(text('starting'))
  if (viewers > 0) facts.push(text('viewers', { count: viewers }))
  return facts.filter((fact) => fact !== '').join(' · ')
}
