import { computed, effect, signal } from '@preact/signals'
import {
  play,
  PROTOCOLS,
  type PlayerState,
  type Preference,
  type Sample,
  type StreamPlayer,
} from '@crossroom/client/stream'
import { say } from '../../i18n/say.js'
import { measure, type Look, type Measured } from '../measured.js'
import { fetchStreams, streamNameOf, type StreamList } from '../streams.js'
import { StudioModel } from './studio-model.js'
import { takeToken } from './token.js'

const SAMPLE_MS = 1_000
const REFRESH_MS = 2_000
/** Without a new picture (or sound, when there is no picture) for so long, the page says that it waits. */
const STALLED_MS = 3_000
const KEY_STORED_AT = 'crossroom.api-key'

/** What was measured of the stream that plays. */
export interface Measurement {
  readonly sample: Sample
  readonly figures: Measured
}

/**
 * `/live?stream=APP/STREAM&protocol=webrtc|ws-flv|http-flv&token=…` plays one stream and lists the others;
 * `/live?publish=APP/STREAM&token=…` publishes one, which goes on while others are watched.
 */
export class LiveModel {
  readonly studio = new StudioModel()
  readonly isPublishing = signal(false)
  readonly name = signal<string | undefined>(undefined)
  readonly preference = signal<Preference>('auto')
  readonly state = signal<PlayerState>({ kind: 'idle' })
  readonly isStalled = signal(false)
  readonly measured = signal<Measurement | undefined>(undefined)
  readonly answer = signal<StreamList | undefined>(undefined)
  readonly streams = computed(() => (this.answer.value?.kind === 'streams' ? this.answer.value.streams : []))
  readonly stream = computed(() => this.streams.value.find(({ name }) => name === this.name.value))
  /** Where it is shown; there from the first picture of the page on. */
  video!: HTMLVideoElement
  #player: StreamPlayer | undefined
  #before: Look | undefined
  #movedAtMs = 0
  #moved = 0

  /** Called once, when the page is there. */
  start(): void {
    effect(() => {
      const what = this.isPublishing.value ? say('goLive') : this.name.value
      document.title = `${what === undefined ? '' : `${what} – `}Crossroom`
    })
    window.addEventListener('popstate', () => this.#openLocation())
    // The server hears at once that this viewer or publisher is gone, and a page that comes back from the cache plays on.
    window.addEventListener('pagehide', () => {
      this.#leave()
      this.studio.close()
    })
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) this.#openLocation()
    })
    window.addEventListener('online', () => {
      if (this.state.value.kind === 'waiting') this.#player?.retry()
    })
    document.addEventListener('visibilitychange', () => void this.refresh())
    setInterval(() => void this.#measure(), SAMPLE_MS)
    void this.#keepFresh()
    this.#openLocation()
  }

  /** Everything that is played is in the address, so it can be shared and `Back` works. */
  go(name: string | undefined, protocol: string): void {
    const query = new URLSearchParams(location.search)
    query.delete('publish')
    if (name !== undefined) query.set('stream', name)
    if (protocol === 'auto') query.delete('protocol')
    else query.set('protocol', protocol)
    const state: unknown = name === this.name.value ? history.state : null
    history.pushState(state, '', `?${query.toString().replaceAll('%2F', '/')}`)
    this.#openLocation()
  }

  /** Follows a link to another view without a new page, which would end what is on air. */
  follow(event: MouseEvent & { readonly currentTarget: HTMLAnchorElement }): void {
    // With a modifier the browser opens the link in a tab or window of its own.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    history.pushState(null, '', event.currentTarget.href)
    this.#openLocation()
  }

  retry(): void {
    this.#player?.retry()
  }

  resume(): void {
    this.#player?.resume()
  }

  /** Asks the server for its streams once, with this key from now on. */
  async refresh(apiKey?: string): Promise<void> {
    if (apiKey !== undefined) sessionStorage.setItem(KEY_STORED_AT, apiKey)
    const answer = await fetchStreams(sessionStorage.getItem(KEY_STORED_AT) ?? undefined)
    // What did not change is left alone, and keeps the focus.
    if (JSON.stringify(answer) !== JSON.stringify(this.answer.value)) this.answer.value = answer
  }

  async #keepFresh(): Promise<void> {
    if (document.visibilityState === 'visible') await this.refresh()
    setTimeout(() => void this.#keepFresh(), REFRESH_MS)
  }

  #openLocation(): void {
    const token = takeToken()
    const query = new URLSearchParams(location.search)
    const protocol = query.get('protocol')
    const publish = query.get('publish')
    this.preference.value = PROTOCOLS.find((known) => known === protocol) ?? 'auto'
    this.isPublishing.value = publish !== null
    this.name.value = publish === null ? streamNameOf(query.get('stream') ?? '') : undefined
    if (publish === null) this.studio.leave()
    else this.studio.enter(streamNameOf(publish), token)
    this.#open(this.name.value, token)
  }

  #open(name: string | undefined, token: string | undefined): void {
    this.#leave()
    if (name === undefined) return
    const address = { stream: name, server: location.origin, ...(token === undefined ? {} : { token }) }
    const player = play({ ...address, view: this.video, protocol: this.preference.value })
    this.#player = player
    player.on('state-changed', (state) => {
      if (player === this.#player) this.#show(state)
    })
  }

  #leave(): void {
    this.#player?.stop()
    this.#player = undefined
    this.#show({ kind: 'idle' })
  }

  #show(state: PlayerState): void {
    this.#movedAtMs = performance.now()
    this.isStalled.value = false
    this.state.value = state
    if (state.kind === 'playing') return
    this.#before = undefined
    this.measured.value = undefined
  }

  async #measure(): Promise<void> {
    const player = this.#player
    const state = this.state.value
    if (player === undefined || state.kind !== 'playing') return
    const sample = await player.getStatistics()
    if (sample === undefined || this.state.value !== state) return
    const { videoWidth: width, videoHeight: height } = this.video
    const atMs = performance.now()
    // Without a picture only bytes tell; with one, sound that goes on does not make up for a picture that stands.
    const moved = (width > 0 ? sample.pictures : sample.bytes) ?? 0
    // A page that is not seen may be held still by the browser.
    if (moved !== this.#moved || document.hidden) this.#movedAtMs = atMs
    this.#moved = moved
    this.isStalled.value = atMs - this.#movedAtMs >= STALLED_MS
    const look: Look = { atMs, sample, droppedPictures: 0, width, height }
    this.measured.value = { sample, figures: measure(this.#before, look) }
    this.#before = look
  }
}
