import type { MediaFrame, Micros } from '@crossroom/media'
import type { Clock } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import type { Channel } from '../channel.js'
import type { CodecProcess } from '../codec-process.js'

/** From one mix to the next: a frame of AAC. */
const BEAT: Micros = (1024 * 1_000_000) / 48_000
/** A server delayed for longer than this skips mixes that are no longer needed. */
const MAX_BEHIND: Micros = 200_000
/** After a longer delay, data still waits in the sockets and is read first. */
const HELD_UP: Micros = 3_000
/** The sound that leads comes this long before the beat: what jitter needs on a good way. */
const LEAD: Micros = 5_000
/**
 * The beat goes to meet it by so much at a time. Later is quick: nothing is missed. Earlier is slow, so that those whose
 * sound would come too late then are given time before: see `PlayoutBuffer`.
 */
const LATER: Micros = 100
const EARLIER: Micros = 10
/** After a failure of the room's mixes they are tried again after so long. */
const RETRY: Micros = 1_000_000

export interface MixBeatOptions {
  readonly room: number
  readonly process: CodecProcess
  readonly clock: Clock
  readonly log: Log
}

interface HeldFrame {
  readonly channel: Channel
  readonly frame: MediaFrame
}

/**
 * The clock of one room's mixes: holds the audio of all sources until it is time to mix, then passes it on with the
 * command to mix. The codec process wakes up once per frame and has no clock of its own.
 */
export class MixBeat {
  readonly #options: MixBeatOptions
  #channel: Channel
  #held: HeldFrame[] = []
  /** Of the next mix, and of the last. */
  #at: Micros
  #lastAt: Micros
  /** By how much the beat should be later for the sound that leads, and by how much it is than it began. */
  #wanted: Micros = 0
  #shifted: Micros = 0
  #wasHeldUp = false
  #cancel: () => void
  #cancelRetry: () => void = () => undefined

  constructor(options: MixBeatOptions) {
    this.#options = options
    this.#channel = this.#open()
    this.#lastAt = options.clock.now()
    this.#at = this.#lastAt + BEAT
    this.#cancel = this.#wait()
  }

  /** Sends a frame with the next beat. */
  hold(channel: Channel, frame: MediaFrame): void {
    this.#held.push({ channel, frame })
  }

  /** A mix has come in which sound leads that was received at `receivedAt`, 0 for none: the beat moves to where that waits least. */
  follow(receivedAt: Micros): void {
    if (receivedAt === 0) return
    const waits = this.#lastAt - receivedAt
    const later = (((LEAD - waits) % BEAT) + BEAT) % BEAT
    const isLater = later < BEAT / 2 ? this.#shifted + later < BEAT : this.#shifted + later - BEAT < -BEAT
    this.#wanted = isLater ? later : later - BEAT
  }

  /** Idempotent. */
  close(): void {
    this.#cancel()
    this.#cancelRetry()
    this.#channel.close()
    this.#held = []
  }

  #open(): Channel {
    const { room, process, clock, log } = this.#options
    return process.open(
      { kind: 'mix-room', room },
      {
        handleReady: () => undefined,
        handleFrame: () => undefined,
        handleLost: () => undefined,
        handleFailed: (reason) => {
          log.warn({ reason }, 'The mixes of a room cannot be made')
          this.#channel.close()
          this.#cancelRetry = clock.after(RETRY, () => (this.#channel = this.#open()))
        },
      },
    )
  }

  #wait(): () => void {
    const { clock } = this.#options
    return clock.after(Math.max(0, this.#at - clock.now()), () => this.#beat())
  }

  #beat(): void {
    const now = this.#options.clock.now()
    const behind = now - this.#at
    const isHeldUp = behind > HELD_UP
    if (isHeldUp && !this.#wasHeldUp) {
      this.#wasHeldUp = true
      this.#cancel = this.#options.clock.after(0, () => this.#beat())
      return
    }
    this.#wasHeldUp = false
    if (behind > MAX_BEHIND) this.#at = now
    this.#options.process.together(() => this.#mixUntil(now))
    this.#cancel = this.#wait()
  }

  #mixUntil(now: Micros): void {
    for (const { channel, frame } of this.#held) channel.send(frame)
    this.#held = []
    while (this.#at <= now) {
      this.#channel.advance(this.#at)
      this.#lastAt = this.#at
      const shift = Math.max(-EARLIER, Math.min(LATER, this.#wanted))
      this.#at += BEAT + shift
      this.#shifted += shift
      this.#wanted = 0
    }
  }
}
