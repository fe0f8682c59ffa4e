/** What sounding elements tell. */
export interface SoundEvents {
  /** The browser plays nothing with sound before the person has touched the page; `resume` is to be called in a click. */
  blocked(userId: string, resume: () => Promise<void>): void
}

/** Everything that makes a sound, with the volume, the silence and the speaker that the page has asked for. */
export class Sound {
  readonly #events: SoundEvents
  readonly #elements = new Map<HTMLMediaElement, string>()
  readonly #volumes = new Map<string, number>()
  readonly #blocked = new Set<HTMLMediaElement>()
  #speaker = ''
  #isMuted: (userId: string) => boolean = () => false

  constructor(events: SoundEvents) {
    this.#events = events
  }

  /** Lets an element sound as the user it belongs to, and starts it. */
  add(userId: string, element: HTMLMediaElement): void {
    this.#elements.set(element, userId)
    this.#adjust(element, userId)
    if (this.#speaker !== '') void this.#route(element).catch(() => undefined)
    this.#play(element, userId)
  }

  remove(element: HTMLMediaElement): void {
    this.#elements.delete(element)
    this.#blocked.delete(element)
    element.muted = true
  }

  /** Users who are silent from now on; evaluated at each call. */
  setMuted(isMuted: (userId: string) => boolean): void {
    this.#isMuted = isMuted
    this.#adjustAll()
  }

  /** `volume` is 0 … 100; `*` is everybody who has no volume of their own. */
  setVolume(userId: string, volume: number): void {
    if (userId === '*') this.#volumes.clear()
    this.#volumes.set(userId, Math.min(100, Math.max(0, volume)) / 100)
    this.#adjustAll()
  }

  /** Rejects when the browser does not know the speaker or lets no page choose. */
  async setSpeaker(deviceId: string): Promise<void> {
    this.#speaker = deviceId === 'default' ? '' : deviceId
    await Promise.all([...this.#elements.keys()].map((element) => this.#route(element)))
  }

  close(): void {
    for (const element of [...this.#elements.keys()]) this.remove(element)
    this.#unwatchGestures()
  }

  #adjustAll(): void {
    for (const [element, userId] of this.#elements) this.#adjust(element, userId)
  }

  #adjust(element: HTMLMediaElement, userId: string): void {
    element.muted = this.#isMuted(userId)
    element.volume = this.#volumes.get(userId) ?? this.#volumes.get('*') ?? 1
  }

  async #route(element: HTMLMediaElement): Promise<void> {
    await element.setSinkId(this.#speaker)
  }

  #play(element: HTMLMediaElement, userId: string): void {
    element.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError') return
      if (!this.#elements.has(element)) return
      this.#blocked.add(element)
      this.#watchGestures()
      this.#events.blocked(userId, () => this.#resume())
    })
  }

  /** Plays whatever was not allowed to. Rejects with the browser's own error when it still is not. */
  async #resume(): Promise<void> {
    const elements = [...this.#blocked]
    await Promise.all(elements.map((element) => element.play()))
    for (const element of elements) this.#blocked.delete(element)
    this.#unwatchGestures()
  }

  /** A page that does nothing about it gets its sound with the first click or key anyway. */
  #watchGestures(): void {
    for (const type of GESTURES) document.addEventListener(type, this.#handleGesture, true)
  }

  #unwatchGestures(): void {
    for (const type of GESTURES) document.removeEventListener(type, this.#handleGesture, true)
  }

  readonly #handleGesture = (): void => {
    this.#resume().catch(() => undefined)
  }
}

const GESTURES = ['pointerup', 'keydown', 'touchend'] as const
