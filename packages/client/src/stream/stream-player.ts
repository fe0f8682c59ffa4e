import { Emitter, type Listener } from '../emitter.js'
import { checkOptions, playRules } from '../arguments.js'
import { elementOf } from '../media/picture.js'
import type { View } from '../options.js'
import { serverOrigin } from '../server-address.js'
import { openers } from './openers.js'
import { Player, type PlayerState } from './player.js'
import { startPlayback, type Preference, type Sample } from './source.js'

/** Options of `Crossroom.play`. */
export interface PlayOptions {
  /** `APP/STREAM` */
  readonly stream: string
  /** A video element, an element to put one into, or the id of either. */
  readonly view: View
  /** As in `Crossroom.create`. */
  readonly server?: string
  /** Needed where the server plays to holders of a token only. */
  readonly token?: string
  /** Default `auto`: WebRTC, else WebSocket-FLV, else HTTP-FLV; then WebRTC again as soon as it works. */
  readonly protocol?: Preference
}

export interface StreamPlayerEvents {
  readonly 'state-changed': PlayerState
}

/** One plain stream in one element. It waits for a publisher, and comes back after every break, until `stop`. */
export class StreamPlayer {
  readonly video: HTMLVideoElement
  readonly #isOurs: boolean
  readonly #emitter = new Emitter<StreamPlayerEvents>()
  readonly #player: Player
  #stopped = false

  /** Throws `INVALID_ARGUMENT` or `VIEW_NOT_FOUND`. */
  constructor(options: PlayOptions) {
    checkOptions('play', options, playRules, ['stream', 'view'])
    const view = elementOf(options.view)
    this.#isOurs = !(view instanceof HTMLVideoElement)
    this.video = view instanceof HTMLVideoElement ? view : videoIn(view)
    this.#player = new Player(this.video, openers, (state) => this.#emitter.emit('state-changed', state))
    const { stream: name, token, protocol = 'auto' } = options
    const address = { origin: serverOrigin(options.server), name, ...(token === undefined ? {} : { token }) }
    // The caller may add its listeners first.
    queueMicrotask(() => {
      if (!this.#stopped) this.#player.open(address, protocol)
    })
  }

  get state(): PlayerState {
    return this.#player.state
  }

  on<Name extends keyof StreamPlayerEvents>(name: Name, listener: Listener<StreamPlayerEvents[Name]>): this {
    this.#emitter.on(name, listener)
    return this
  }

  off<Name extends keyof StreamPlayerEvents>(name: Name, listener?: Listener<StreamPlayerEvents[Name]>): this {
    this.#emitter.off(name, listener)
    return this
  }

  /** Figures since playing began; undefined while nothing plays. */
  getStatistics(): Promise<Sample | undefined> {
    return this.#player.sample()
  }

  /** In the state `blocked`, in a click or a key: the browser wanted one before it plays. */
  resume(): void {
    startPlayback(this.video, () => undefined)
  }

  /** Tries again at once, after `stopped` too. */
  retry(): void {
    if (!this.#stopped) this.#player.retry()
  }

  /** Leaves the stream. Idempotent. */
  stop(): void {
    this.#stopped = true
    this.#player.close()
    if (this.#isOurs) this.video.remove()
  }
}

function videoIn(view: HTMLElement): HTMLVideoElement {
  const video = document.createElement('video')
  for (const attribute of ['playsinline', 'webkit-playsinline']) video.setAttribute(attribute, '')
  Object.assign(video.style, { width: '100%', height: '100%', display: 'block' })
  view.append(video)
  return video
}
