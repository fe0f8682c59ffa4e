import { byId, setText } from './dom.js'
import type { PlayerState } from '@crossroom/client/stream'
import { startPlayback } from '@crossroom/client/stream'
import { setLabel, text } from './texts.js'
import { insteadOf, noticeOf } from './words.js'

/** The video with its overlays: state, sound, volume, full screen. */
export class Stage {
  readonly video = byId('video', HTMLVideoElement)
  readonly #stage = byId('player', HTMLDivElement)
  readonly #notice = byId('notice', HTMLParagraphElement)
  readonly #more = byId('notice-more', HTMLParagraphElement)
  readonly #retry = byId('retry', HTMLButtonElement)
  readonly #start = byId('start', HTMLButtonElement)
  readonly #sound = byId('sound', HTMLButtonElement)
  readonly #mute = byId('mute', HTMLButtonElement)
  readonly #volume = byId('volume', HTMLInputElement)
  readonly #why = byId('why', HTMLParagraphElement)
  /** A viewer who turned the sound off does not want to be asked again. */
  #soundChosen = false

  constructor(onRetry: () => void) {
    this.#retry.addEventListener('click', onRetry)
    this.#start.addEventListener('click', () => startPlayback(this.video, () => undefined))
    this.#sound.addEventListener('click', () => this.#setSound(true))
    this.#mute.addEventListener('click', () => this.#setSound(this.video.muted))
    this.#volume.addEventListener('input', () => {
      this.video.volume = this.#volume.valueAsNumber / 100
      this.#setSound(this.video.volume > 0)
    })
    for (const event of ['resize', 'loadedmetadata', 'emptied']) {
      this.video.addEventListener(event, () => this.#showWhetherPicture())
    }
    this.video.addEventListener('volumechange', () => this.#showSound())
    this.#addScreenControls()
    this.#addKeys()
    this.#showSound()
  }

  /** Shows the state of the player. `stalled`: it plays, but nothing new comes. */
  show(state: PlayerState, streamName: string, stalled: boolean): void {
    const { main, more } = stalled ? { main: text('stalled'), more: '' } : noticeOf(state, streamName)
    this.#stage.dataset['state'] = stalled ? 'stalled' : state.kind
    this.#showWhetherPicture()
    setText(this.#notice, main)
    setText(this.#more, more)
    this.#retry.hidden = state.kind !== 'stopped'
    this.#start.hidden = state.kind !== 'blocked'
    const why = state.kind === 'playing' ? insteadOf(state.protocol, state.setbacks) : ''
    setText(this.#why, why)
    this.#why.hidden = why === ''
    this.#sound.hidden = state.kind !== 'playing' || !this.video.muted || this.#soundChosen
  }

  #setSound(on: boolean): void {
    this.#soundChosen = true
    this.#sound.hidden = true
    this.video.muted = !on
    if (on && this.video.volume === 0) this.video.volume = 1
  }

  #showSound(): void {
    const { muted, volume } = this.video
    this.#mute.setAttribute('aria-pressed', String(muted))
    setLabel(this.#mute, muted ? 'unmute' : 'mute')
    this.#volume.value = String(muted ? 0 : Math.round(volume * 100))
  }

  #showWhetherPicture(): void {
    this.#stage.dataset['picture'] = this.video.videoWidth > 0 ? 'shown' : 'none'
  }

  #addScreenControls(): void {
    byId('fullscreen', HTMLButtonElement).addEventListener('click', () => this.#toggleFullscreen())
    const pip = byId('pip', HTMLButtonElement)
    pip.hidden = !document.pictureInPictureEnabled
    pip.addEventListener('click', () => this.#togglePictureInPicture())
    this.video.addEventListener('dblclick', () => this.#toggleFullscreen())
  }

  #addKeys(): void {
    document.addEventListener('keydown', (event) => {
      const typing = event.target instanceof HTMLInputElement && event.target.type !== 'range'
      if (typing || event.target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey) return
      const key = event.key.toLowerCase()
      if (key === 'm') this.#setSound(this.video.muted)
      if (key === 'f') this.#toggleFullscreen()
      if (key === 'p') this.#togglePictureInPicture()
    })
  }

  /** Browsers refuse these when they like (no gesture, no picture yet); then nothing happens, as anywhere. */
  #toggleFullscreen(): void {
    const asked = document.fullscreenElement === null ? this.#stage.requestFullscreen() : document.exitFullscreen()
    asked.catch(() => undefined)
  }

  #togglePictureInPicture(): void {
    if (!document.pictureInPictureEnabled) return
    const asked =
      document.pictureInPictureElement === null ? this.video.requestPictureInPicture() : document.exitPictureInPicture()
    asked.catch(() => undefined)
  }
}
