import { CrossroomError } from '../errors.js'
import type { ScreenShareOptions } from '../options.js'
import { Picture } from './picture.js'
import { profileOf, screenProfile } from '../profiles.js'
import { openScreen, type ScreenCapture } from './capture.js'
import type { LocalEvents, LocalTrack } from './local-source.js'

/** The shared screen, with its sound if the person chose to share it too. */
export class Screen {
  readonly #events: LocalEvents
  #options: ScreenShareOptions = {}
  #capture: ScreenCapture | undefined
  #preview: Picture | undefined
  /** Counts stops and starts: only the newest question's answer counts. */
  #turn = 0

  constructor(events: LocalEvents) {
    this.#events = events
  }

  /** What others are to get. */
  get sent(): LocalTrack[] {
    if (this.#capture === undefined || this.#options.publish === false) return []
    const { video, audio } = this.#capture
    const profile = profileOf(this.#options.profile ?? screenProfile)
    const picture: LocalTrack = { streamType: 'aux', kind: 'video', track: video, profile, muted: false }
    return audio === undefined ? [picture] : [picture, { streamType: 'aux', kind: 'audio', track: audio, muted: false }]
  }

  get track(): MediaStreamTrack | undefined {
    return this.#capture?.video
  }

  get audioTrack(): MediaStreamTrack | undefined {
    return this.#capture?.audio
  }

  /** Asks the person and shares; another screen takes the place of the one before. Rejects with CrossroomError. */
  async start(options: ScreenShareOptions): Promise<void> {
    const turn = ++this.#turn
    const profile = profileOf(options.profile ?? screenProfile)
    const capture = await openScreen(profile, options.systemAudio ?? true)
    const preview = turn === this.#turn ? this.#previewIn(options, capture) : undefined
    if (turn !== this.#turn) {
      stopTracks(capture)
      throw new CrossroomError('STOPPED')
    }
    this.#letGo()
    this.#capture = capture
    this.#preview = preview
    this.#options = options
    capture.video.addEventListener('ended', () => this.#handleEnded(capture))
    this.#events.changed()
  }

  /** Idempotent. */
  stop(): void {
    this.#turn++
    if (this.#capture === undefined) return
    this.#letGo()
    this.#events.changed()
  }

  #previewIn({ view }: ScreenShareOptions, capture: ScreenCapture): Picture | undefined {
    if (view === undefined || view === null) return undefined
    try {
      const preview = new Picture(
        view,
        {},
        {
          firstFrame: (width, height) => this.#events.firstFrame('aux', width, height),
          sizeChanged: (width, height) => this.#events.sizeChanged('aux', width, height),
        },
      )
      preview.show(capture.video)
      return preview
    } catch (error) {
      stopTracks(capture)
      throw error
    }
  }

  #letGo(): void {
    const capture = this.#capture
    this.#capture = undefined
    this.#preview?.close()
    this.#preview = undefined
    if (capture !== undefined) stopTracks(capture)
  }

  #handleEnded(capture: ScreenCapture): void {
    if (capture !== this.#capture) return
    this.stop()
    this.#events.screenStopped()
  }
}

function stopTracks({ video, audio }: ScreenCapture): void {
  video.stop()
  audio?.stop()
}
