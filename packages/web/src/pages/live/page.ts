import { Addresses } from './addresses.js'
import { byId } from './dom.js'
import { Facts } from './facts.js'
import { preferredLanguage, rememberLanguage } from '../../i18n/choice.js'
import { openers } from '@crossroom/client/stream'
import { Player, type PlayerState } from '@crossroom/client/stream'
import { PROTOCOLS, type Preference } from '@crossroom/client/stream'
import { watchRoundTrips } from '@crossroom/client/stream'
import { Stage } from './stage.js'
import { StreamListView } from './stream-list.js'
import { STREAMS_PATH, streamNameOf, type ListedStream } from '../streams.js'
import { Studio } from './studio.js'
import { addThemeSwitch } from './theme-switch.js'
import { takeToken } from './token.js'
import { currentLanguage, speak, text } from './texts.js'

const SAMPLE_MS = 1_000
/** Without a new picture (or sound, when there is no picture) for so long, the page says that it waits. */
const STALLED_MS = 3_000

/**
 * `/live?stream=APP/STREAM&protocol=webrtc|ws-flv|http-flv&token=…` plays one stream and lists the others;
 * `/live?publish=APP/STREAM&token=…` publishes one, which goes on while others are watched.
 */
class LivePage {
  readonly #stage = new Stage(() => this.#player.retry())
  readonly #player = new Player(this.#stage.video, openers, (state) => this.#handleState(state))
  readonly #facts = new Facts()
  readonly #addresses = new Addresses()
  readonly #protocol = byId('protocol', HTMLSelectElement)
  readonly #studio = new Studio(() => this.#showOnAir())
  readonly #watchView = byId('watch', HTMLElement)
  readonly #publishView = byId('publish', HTMLElement)
  readonly #onAir = byId('on-air', HTMLAnchorElement)
  readonly #goLive = byId('go-live', HTMLAnchorElement)
  readonly #watching = byId('watching', HTMLHeadingElement)
  readonly #nameInput = byId('name', HTMLInputElement)
  readonly #list = new StreamListView(
    (name) => this.#choose(name),
    (streams) => this.#handleStreams(streams),
  )
  #streams: readonly ListedStream[] = []
  #name: string | undefined
  #movedAtMs = 0
  #moved = 0

  start(): void {
    watchRoundTrips(STREAMS_PATH)
    this.#protocol.addEventListener('change', () => this.#go(this.#name, this.#protocol.value))
    byId('name-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submitName()
    })
    byId('language', HTMLButtonElement).addEventListener('click', () => this.#switchLanguage())
    for (const link of [this.#goLive, this.#onAir, byId('back', HTMLAnchorElement)]) this.#stayOnPage(link)
    window.addEventListener('popstate', () => this.#openLocation())
    // The server hears at once that this viewer or publisher is gone, and a page that comes back from the cache plays on.
    window.addEventListener('pagehide', () => {
      this.#player.close()
      this.#studio.close()
    })
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) this.#openLocation()
    })
    window.addEventListener('online', () => {
      if (this.#player.state.kind === 'waiting') this.#player.retry()
    })
    window.setInterval(() => void this.#measure(), SAMPLE_MS)
    this.#openLocation()
  }

  #openLocation(): void {
    const token = takeToken()
    const query = new URLSearchParams(location.search)
    const protocol = query.get('protocol')
    const preference: Preference = PROTOCOLS.find((known) => known === protocol) ?? 'auto'
    this.#protocol.value = preference
    this.#name = streamNameOf(query.get('stream') ?? '')
    this.#list.current = this.#name
    this.#nameInput.value = this.#name ?? ''
    this.#watching.textContent = this.#name ?? ''
    document.title = `${this.#name === undefined ? '' : `${this.#name} – `}Crossroom`
    this.#addresses.show(this.#stream)
    this.#showView(query.get('publish'), token)
    if (this.#name === undefined) return this.#player.close()
    const address = { origin: location.origin, name: this.#name, ...(token === undefined ? {} : { token }) }
    this.#player.open(address, preference)
  }

  /** Shows the studio when `publish` is there, even empty, else the player. */
  #showView(publish: string | null, token: string | undefined): void {
    const publishes = publish !== null
    this.#watchView.hidden = publishes
    this.#publishView.hidden = !publishes
    if (publishes) {
      this.#name = undefined
      this.#list.current = undefined
      document.title = `${text('goLive')} – Crossroom`
      this.#studio.enter(streamNameOf(publish), token)
      this.#goLive.setAttribute('aria-current', 'true')
    } else {
      this.#studio.leave()
      this.#goLive.removeAttribute('aria-current')
    }
    this.#showOnAir()
  }

  /** A user who watches while on air is reminded, and returns with this mark. */
  #showOnAir(): void {
    const stream = this.#studio.streamOnAir
    this.#onAir.hidden = stream === undefined || this.#watchView.hidden
    this.#onAir.textContent = stream === undefined ? '' : text('onAirAs', { stream })
  }

  /** Follows a link to another view without loading a page, which would end the publish. */
  #stayOnPage(link: HTMLAnchorElement): void {
    link.addEventListener('click', (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
      event.preventDefault()
      history.pushState(null, '', link.href)
      this.#openLocation()
    })
  }

  #choose(name: string): void {
    this.#go(name, this.#protocol.value)
    byId('player', HTMLDivElement).scrollIntoView({ block: 'nearest' })
  }

  /** Everything that is played is in the address, so it can be shared and `Back` works. */
  #go(name: string | undefined, protocol: string): void {
    const query = new URLSearchParams(location.search)
    query.delete('publish')
    if (name !== undefined) query.set('stream', name)
    if (protocol === 'auto') query.delete('protocol')
    else query.set('protocol', protocol)
    const state: unknown = name === this.#name ? history.state : null
    history.pushState(state, '', `?${query.toString().replaceAll('%2F', '/')}`)
    this.#openLocation()
  }

  #submitName(): void {
    const name = streamNameOf(this.#nameInput.value)
    byId('name-error', HTMLParagraphElement).textContent = name === undefined ? text('badName') : ''
    this.#nameInput.setAttribute('aria-invalid', String(name === undefined))
    if (name !== undefined) this.#choose(name)
  }

  #handleStreams(streams: readonly ListedStream[]): void {
    this.#streams = streams
    this.#addresses.show(this.#stream)
  }

  #handleState(state: PlayerState): void {
    this.#movedAtMs = performance.now()
    if (state.kind !== 'playing') this.#facts.clear()
    this.#stage.show(state, this.#name ?? '', false)
  }

  async #measure(): Promise<void> {
    void this.#studio.measure()
    const { state } = this.#player
    if (state.kind !== 'playing') return
    const nowMs = performance.now()
    const { video } = this.#stage
    const sample = await this.#player.sample()
    if (sample === undefined || this.#player.state !== state) return
    // Without a picture only bytes tell; with one, sound that goes on does not make up for a picture that stands.
    const moved = (video.videoWidth > 0 ? sample.pictures : sample.bytes) ?? 0
    // A page that is not seen may be held still by the browser.
    if (moved !== this.#moved || document.hidden) this.#movedAtMs = nowMs
    this.#moved = moved
    this.#stage.show(state, this.#name ?? '', nowMs - this.#movedAtMs >= STALLED_MS)
    this.#facts.show(nowMs, state.protocol, sample, video)
  }

  #switchLanguage(): void {
    const next = currentLanguage() === 'en' ? 'zh' : 'en'
    rememberLanguage(next)
    speak(next)
    this.#list.show()
    this.#addresses.show(this.#stream)
    this.#handleState(this.#player.state)
    this.#studio.show()
    this.#showOnAir()
  }

  get #stream(): ListedStream | undefined {
    return this.#streams.find((stream) => stream.name === this.#name)
  }
}

takeToken()
addThemeSwitch()
speak(preferredLanguage())
new LivePage().start()
