import { DeviceChoice } from './device-choice.js'
import { byId, setText } from './dom.js'
import { publishNotice, refusalNotice } from './publish-words.js'
import { startPlayback } from '@crossroom/client/stream'
import { Capture, captureMissing, failureOfCapture, type CaptureSource } from '@crossroom/client/stream'
import type { PublishFailure } from '@crossroom/client/stream'
import { Publisher, type PublishState } from '@crossroom/client/stream'
import { WhipSession } from '@crossroom/client/stream'
import { SentFacts } from './sent-facts.js'
import { streamNameOf } from '../streams.js'
import { setLabel, text } from './texts.js'

type Kind = 'video' | 'audio'

/** "Go live": the preview, the media to publish, and the stream's name. */
export class Studio {
  readonly #stage = byId('studio', HTMLDivElement)
  readonly #preview = byId('preview', HTMLVideoElement)
  readonly #notice = byId('publish-notice', HTMLParagraphElement)
  readonly #more = byId('publish-more', HTMLParagraphElement)
  readonly #time = byId('air-time', HTMLSpanElement)
  readonly #name = byId('publish-name', HTMLInputElement)
  readonly #nameError = byId('publish-name-error', HTMLParagraphElement)
  readonly #go = byId('go', HTMLButtonElement)
  readonly #stop = byId('stop', HTMLButtonElement)
  readonly #sources: Readonly<Record<CaptureSource, HTMLButtonElement>> = {
    camera: byId('use-camera', HTMLButtonElement),
    screen: byId('use-screen', HTMLButtonElement),
  }
  readonly #switches: Readonly<Record<Kind, HTMLButtonElement>> = {
    video: byId('camera-switch', HTMLButtonElement),
    audio: byId('microphone-switch', HTMLButtonElement),
  }
  readonly #cameras = new DeviceChoice('camera', 'videoinput', 'cameraNumber', (id) => void this.#choose('video', id))
  readonly #microphones = new DeviceChoice('microphone', 'audioinput', 'microphoneNumber', (id) => {
    void this.#choose('audio', id)
  })
  readonly #facts = new SentFacts()
  readonly #capture = new Capture({
    changed: (kind, track) => {
      this.#publisher.replace(kind, track)
      if (kind === 'video') this.#showPreview(track)
      void this.#showDevices()
    },
    ended: (failure) => this.#handleCaptureEnded(failure),
  })
  readonly #publisher = new Publisher(
    (address, tracks, events) => new WhipSession(address, tracks, events),
    () => this.#capture.tracks,
    (state) => this.#handleState(state),
  )
  readonly #changed: () => void
  #token: string | undefined
  #asking = false
  #refusal: PublishFailure | undefined
  #liveSinceMs: number | undefined
  #streamName = ''

  /** `changed` is called when {@link streamOnAir} may be another one. */
  constructor(changed: () => void) {
    this.#changed = changed
    this.#preview.addEventListener('resize', () => this.show())
    for (const source of ['camera', 'screen'] as const) {
      this.#sources[source].addEventListener('click', () => void this.#openSource(source))
    }
    for (const kind of ['video', 'audio'] as const) {
      this.#switches[kind].addEventListener('click', () => this.#toggle(kind))
    }
    byId('publish-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#goLive()
    })
    this.#stop.addEventListener('click', () => {
      this.#publisher.stop()
      this.#go.focus()
    })
    byId('copy-link', HTMLButtonElement).addEventListener('click', (event) => this.#copyLink(event))
    window.addEventListener('online', () => this.#publisher.hurry())
    if (captureMissing('camera') === undefined) {
      navigator.mediaDevices.addEventListener('devicechange', () => void this.#showDevices())
    }
  }

  /** The stream that is published, or is about to be again; undefined when none is. */
  get streamOnAir(): string | undefined {
    return this.#publisher.isActive ? this.#streamName : undefined
  }

  /** The page shows the studio: under this name, with this token, unless something is on air already. */
  enter(name: string | undefined, token: string | undefined): void {
    if (!this.#publisher.isActive) {
      this.#token = token
      if (name !== undefined) this.#name.value = name
    }
    this.show()
  }

  /** The page shows another view: a running publish continues, a mere preview ends. */
  leave(): void {
    if (!this.#publisher.isActive) this.#capture.close()
    this.show()
  }

  /** The page goes away. */
  close(): void {
    this.#publisher.stop()
    this.#capture.close()
  }

  /** Called once a second. */
  async measure(): Promise<void> {
    if (this.#publisher.state.kind !== 'live') return
    const sample = await this.#publisher.sample()
    if (sample === undefined || this.#publisher.state.kind !== 'live') return
    this.#facts.show(performance.now(), sample)
    this.#showTime()
  }

  /** Writes everything again, for example in another language. */
  show(): void {
    const { state } = this.#publisher
    const { source } = this.#capture
    const { main, more } = this.#noticeNow()
    setText(this.#notice, main)
    setText(this.#more, more)
    this.#stage.dataset['state'] = main === '' ? (state.kind === 'live' ? 'live' : 'ready') : this.#busyState()
    this.#stage.dataset['picture'] = this.#showsPicture ? 'shown' : 'none'
    byId('no-picture', HTMLSpanElement).textContent = text(
      this.#capture.tracks.video === undefined ? 'noPicture' : 'pictureHidden',
    )
    this.#preview.dataset['mirrored'] = String(this.#capture.isMirrored)
    for (const [name, button] of Object.entries(this.#sources)) {
      button.setAttribute('aria-pressed', String(source === name))
      button.disabled = this.#asking || captureMissing('camera') === 'insecure'
    }
    this.#showSwitches()
    this.#go.hidden = this.#publisher.isActive
    this.#go.disabled = this.#asking || captureMissing('camera') === 'insecure'
    this.#stop.hidden = !this.#publisher.isActive
    this.#name.disabled = this.#publisher.isActive
    this.#showLink()
  }

  #noticeNow(): { main: string; more: string } {
    const { state } = this.#publisher
    const missing = captureMissing('camera')
    if (missing === 'insecure') return refusalNotice({ reason: missing }, '')
    if (this.#asking) return { main: text('asking'), more: '' }
    if (this.#refusal !== undefined) return refusalNotice(this.#refusal, this.#streamName)
    if (state.kind !== 'idle') return publishNotice(state, this.#streamName, this.#liveSinceMs !== undefined)
    if (this.#capture.source !== undefined) return { main: '', more: '' }
    return { main: text('chooseSource'), more: text('chooseSourceMore') }
  }

  #busyState(): string {
    if (this.#asking) return 'asking'
    return this.#refusal === undefined ? this.#publisher.state.kind : 'stopped'
  }

  get #showsPicture(): boolean {
    return this.#capture.tracks.video !== undefined && this.#capture.isEnabled('video')
  }

  async #openSource(source: CaptureSource): Promise<boolean> {
    return this.#asked(() => this.#capture.open(source))
  }

  #choose(kind: Kind, deviceId: string): Promise<boolean> {
    return this.#asked(() => this.#capture.choose(kind, deviceId))
  }

  async #asked(ask: () => Promise<void>): Promise<boolean> {
    this.#asking = true
    this.#refusal = undefined
    this.show()
    try {
      await ask()
      if (this.#publisher.state.kind === 'stopped') this.#publisher.stop()
      return true
    } catch (error) {
      const failure = failureOfCapture(error)
      this.#refusal = failure.reason === 'left' ? undefined : failure
      return false
    } finally {
      this.#asking = false
      this.show()
      void this.#showDevices()
    }
  }

  async #goLive(): Promise<void> {
    const name = streamNameOf(this.#name.value)
    this.#nameError.textContent = name === undefined ? text('badName') : ''
    this.#name.setAttribute('aria-invalid', String(name === undefined))
    if (name === undefined) return this.#name.focus()
    if (this.#publisher.isActive || this.#asking) return
    if (this.#capture.source === undefined && !(await this.#openSource('camera'))) return
    this.#refusal = undefined
    this.#streamName = name
    this.#liveSinceMs = undefined
    if (typeof RTCPeerConnection === 'undefined') return this.#publisher.stop({ reason: 'unsupported' })
    const token = this.#token
    this.#publisher.start({ origin: location.origin, name, ...(token === undefined ? {} : { token }) })
    this.#stop.focus()
  }

  #handleState(state: PublishState): void {
    if (state.kind === 'live') this.#liveSinceMs ??= performance.now()
    else this.#facts.clear()
    this.#showTime()
    this.show()
    this.#changed()
  }

  #handleCaptureEnded(failure: PublishFailure): void {
    const { video, audio } = this.#capture.tracks
    // A stream continues with the remaining track, except when the user ended the screen sharing.
    if (failure.reason !== 'sharing-ended' && (video ?? audio) !== undefined) return this.show()
    this.#capture.close()
    this.#publisher.stop(failure)
  }

  #showPreview(track: MediaStreamTrack | undefined): void {
    this.#preview.srcObject = track === undefined ? null : new MediaStream([track])
    if (track !== undefined) startPlayback(this.#preview, () => undefined)
  }

  #toggle(kind: Kind): void {
    this.#capture.setEnabled(kind, !this.#capture.isEnabled(kind))
    this.show()
  }

  #showSwitches(): void {
    for (const kind of ['video', 'audio'] as const) {
      const button = this.#switches[kind]
      const on = this.#capture.isEnabled(kind)
      button.hidden = this.#capture.tracks[kind] === undefined
      button.setAttribute('aria-pressed', String(!on))
      if (kind === 'video') setLabel(button, on ? 'cameraOff' : 'cameraOn')
      else setLabel(button, on ? 'microphoneOff' : 'microphoneOn')
    }
  }

  async #showDevices(): Promise<void> {
    if (captureMissing('camera') !== undefined) return
    const devices = await navigator.mediaDevices.enumerateDevices()
    const { video, audio } = this.#capture.tracks
    this.#cameras.show(devices, this.#capture.source === 'camera' ? video : undefined)
    this.#microphones.show(devices, audio)
    this.show()
  }

  #showTime(): void {
    const seconds = this.#liveSinceMs === undefined ? 0 : Math.floor((performance.now() - this.#liveSinceMs) / 1000)
    const two = (value: number): string => String(value).padStart(2, '0')
    const hours = Math.floor(seconds / 3600)
    const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
    setText(this.#time, hours === 0 ? rest : `${String(hours)}:${rest}`)
  }

  #showLink(): void {
    byId('watch-at', HTMLParagraphElement).hidden = !this.#publisher.isActive
    const link = byId('watch-link', HTMLAnchorElement)
    link.href = `${location.origin}/live?stream=${this.#streamName}`
    setText(link, link.href)
  }

  #copyLink({ currentTarget }: Event): void {
    const button = currentTarget as HTMLButtonElement
    navigator.clipboard.writeText(byId('watch-link', HTMLAnchorElement).href).then(
      () => setText(button, text('copied')),
      () => undefined,
    )
  }
}
