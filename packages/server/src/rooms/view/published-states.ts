import type { PublishedParams, PublishedStreamType, PublishState } from '@crossroom/protocol'
import type { MemberStream } from '../media/member-stream.js'

/** Notifies one member of the state of its publications, and remembers the sent states. */
export class PublishedStates {
  readonly #tell: (params: PublishedParams) => void
  readonly #told = new Map<PublishedStreamType, PublishedParams>()

  constructor(tell: (params: PublishedParams) => void) {
    this.#tell = tell
  }

  handleState(stream: MemberStream, state: Exclude<PublishState, 'refused'>): void {
    // A member that muted everything sends nothing, which is not a fault to report.
    if (state === 'stalled' && stream.isMuted) return
    this.#say({ streamType: stream.streamType, state, ...has(stream) })
  }

  handleRefused(streamType: PublishedStreamType, reason: string): void {
    this.#say({ streamType, state: 'refused', hasAudio: false, hasVideo: false, reason })
  }

  /** The flowing kinds of live streams may have changed. */
  refresh(streams: Iterable<MemberStream>): void {
    for (const stream of streams) {
      const told = this.#told.get(stream.streamType)
      if (told?.state !== 'live') continue
      const { hasAudio, hasVideo } = has(stream)
      if (hasAudio !== told.hasAudio || hasVideo !== told.hasVideo) this.#say({ ...told, hasAudio, hasVideo })
    }
  }

  /** To a member that was unreachable for a while. */
  tellAgain(): void {
    for (const params of this.#told.values()) this.#tell(params)
  }

  forget(): void {
    this.#told.clear()
  }

  #say(params: PublishedParams): void {
    this.#told.set(params.streamType, params)
    this.#tell(params)
  }
}

function has({ kinds }: MemberStream): { readonly hasAudio: boolean; readonly hasVideo: boolean } {
  return { hasAudio: kinds.audio, hasVideo: kinds.video }
}
