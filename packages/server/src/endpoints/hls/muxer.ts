import type { MediaFrame, Micros } from '@crossroom/media'
import { hlsLimits } from '../../config/index.js'
import { withoutLeading, type Clock, type FrameFilter, type FrameSink, type FrameSource } from '../../hub/index.js'
import { playlistOf } from './playlist.js'
import { Segmenter } from './segmenter.js'
import { HlsWindow } from './window.js'

export interface HlsMuxerOptions {
  readonly source: FrameSource
  readonly filter: FrameFilter
  readonly clock: Clock
  readonly nowMs: () => number
  /** Names of files that cannot be guessed. */
  readonly newName: () => string
  /** Called after each change of the window. */
  readonly onChange: () => void
}

interface Waiter {
  readonly isDue: () => boolean
  readonly answer: () => void
}

/** The longest wait for the first keyframe and the tracks; sound is kept meanwhile. */
const START_WAIT: Micros = 4_000_000
/** How often it is looked whether frames still come, and whether a keyframe is due. */
const TICK: Micros = 200_000
/** A segment of a publisher that sends keyframes on request ends about then. */
const KEYFRAME_AFTER: Micros = 2_000_000
const HELD_FRAMES = 4096

/**
 * One stream as HLS, for all its players: cuts it into a window of segments, and answers requests that wait for what comes next.
 * The first segment of a window has the second of its beginning as its number, so that numbers only rise, whenever and
 * wherever a player comes back.
 */
export class HlsMuxer implements FrameSink {
  readonly kind = 'hls'
  readonly window: HlsWindow
  readonly #options: HlsMuxerOptions
  readonly #segmenter: Segmenter
  readonly #waiters = new Set<Waiter>()
  /** Frames that wait for the first keyframe. */
  #held: MediaFrame[] | undefined = []
  #heldSince: Micros
  /** The publisher that left sent pictures: the next one will, and players take no other set of tracks in mid-stream. */
  #hadPictures = false
  #newestDts: Micros | undefined
  #newestAt: Micros = 0
  #keyframeAskedAt: Micros = -Infinity
  #playlist = ''
  #playlistVersion = -1
  #version = -1
  #cancelTick: (() => void) | undefined
  #unsubscribe: (() => void) | undefined
  #closed = false

  constructor(options: HlsMuxerOptions) {
    const { source, clock, nowMs, newName } = options
    this.#options = options
    this.window = new HlsWindow(Math.floor(nowMs() / 1000), newName)
    const wallClockOf = ({ receivedAt }: MediaFrame): number => nowMs() - (clock.now() - receivedAt) / 1000
    this.#segmenter = new Segmenter({ window: this.window, newName, wallClockOf })
    this.#heldSince = clock.now()
    const [first] = source.cachedFrames
    if (first?.keyframe === true) for (const frame of withoutLeading(source.cachedFrames)) this.handleFrame(frame)
    else source.requestKeyframe()
    this.#unsubscribe = source.subscribe(this, 'live')
    if (this.window.isEnded) this.#unsubscribe()
    else this.#tick()
  }

  get playlist(): string {
    if (this.#playlistVersion !== this.window.version) {
      this.#playlistVersion = this.window.version
      this.#playlist = playlistOf(this.window)
    }
    return this.#playlist
  }

  /** Calls back when `isDue`, now or after some change; also at the end of the stream. The answer cancels. */
  when(isDue: () => boolean, answer: () => void): () => void {
    if (this.#closed || isDue()) {
      answer()
      return () => undefined
    }
    const waiter: Waiter = { isDue, answer }
    this.#waiters.add(waiter)
    return () => void this.#waiters.delete(waiter)
  }

  handleFrame(input: MediaFrame): void {
    const { filter, clock } = this.#options
    this.#newestDts = Math.max(this.#newestDts ?? input.dts, input.dts)
    this.#newestAt = clock.now()
    for (const frame of filter.process(input)) this.#take(frame)
    this.#tell()
  }

  handleInterrupted(): void {
    this.#release()
    this.#hadPictures ||= this.#segmenter.hasPictures
    this.#segmenter.interrupt()
    this.#hold()
    this.#tell()
  }

  handleEnd(): void {
    this.#release()
    this.#segmenter.interrupt()
    this.window.end()
    this.close()
  }

  /** Stops, and answers everybody who waits. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTick?.()
    this.#unsubscribe?.()
    for (const waiter of [...this.#waiters]) waiter.answer()
    this.#waiters.clear()
  }

  #take(frame: MediaFrame): void {
    if (this.#held === undefined) {
      this.#segmenter.push(frame)
      return
    }
    const isPicture = frame.config.kind === 'video'
    // No player could decode it.
    if (isPicture && !frame.keyframe) return
    this.#held.push(frame)
    const isComplete = isPicture || (!this.#hadPictures && this.#promised().video === undefined)
    if (isComplete || this.#held.length >= HELD_FRAMES) this.#release()
  }

  #promised(): FrameSource['tracks'] {
    const { source, filter } = this.#options
    return filter.tracks(source.promised ?? source.tracks)
  }

  #hold(): void {
    this.#held = []
    this.#heldSince = this.#options.clock.now()
    this.#newestDts = undefined
  }

  /** With its first picture, or the sound alone if there is none, the stream begins. */
  #release(): void {
    const held = this.#held
    if (held === undefined || held.length === 0) return
    this.#held = undefined
    const { audio } = this.#promised()
    const sound = held.find(({ config }) => config.kind === 'audio')?.config ?? audio
    const picture = held.find(({ config, keyframe }) => config.kind === 'video' && keyframe)?.config
    this.#segmenter.expect({
      ...(sound?.kind === 'audio' ? { audio: sound } : {}),
      ...(picture?.kind === 'video' ? { video: picture } : {}),
    })
    for (const frame of held) this.#segmenter.push(frame)
  }

  #tick(): void {
    const { clock, source, filter } = this.#options
    this.#cancelTick = clock.after(TICK, () => {
      const now = clock.now()
      const idle = source.heardAt - this.#newestAt
      if (idle >= TICK && this.#newestDts !== undefined)
        for (const frame of filter.idle?.(this.#newestDts + idle, now) ?? []) this.#take(frame)
      if (this.#held !== undefined && now - this.#heldSince > START_WAIT) this.#release()
      this.#askForKeyframe(now)
      this.#tell()
      this.#tick()
    })
  }

  /** A publisher that sends keyframes on request makes segments that players can start with. */
  #askForKeyframe(now: Micros): void {
    const { source } = this.#options
    const isDue = this.#held !== undefined || this.#segmenter.segmentAge >= KEYFRAME_AFTER
    if (!isDue || !source.isAskable || now - this.#keyframeAskedAt < KEYFRAME_AFTER) return
    if (source.tracks.video === undefined) return
    this.#keyframeAskedAt = now
    source.requestKeyframe()
  }

  #tell(): void {
    if (this.#version === this.window.version || this.#closed) return
    this.#version = this.window.version
    this.#options.onChange()
    for (const waiter of [...this.#waiters]) {
      if (!waiter.isDue()) continue
      this.#waiters.delete(waiter)
      waiter.answer()
    }
  }
}

/** All muxers together hold no more than the limit; the one that grew gives its oldest segment back first. */
export function keepWithin(muxer: HlsMuxer, all: Iterable<HlsMuxer>): void {
  let bytes = 0
  for (const { window } of all) bytes += window.bytes
  for (let before = muxer.window.bytes; bytes > hlsLimits.totalBytes; before = muxer.window.bytes) {
    if (!muxer.window.dropOldest()) return
    bytes -= before - muxer.window.bytes
  }
}
