import type { Stream } from './stream.js'

/** Told what happens to every stream of a hub, in order, within the call that caused it. */
export interface StreamObserver {
  /** The stream exists. It may have no publisher yet. */
  opened?(stream: Stream): void
  /** A publisher took the stream; no frame of it has arrived. After a takeover it follows `unpublished`. */
  published?(stream: Stream): void
  /** Once per publisher: both tracks were seen, or the header wait after its first frame is over. */
  tracksKnown?(stream: Stream): void
  /** The publisher is gone. The stream may wait for its return. */
  unpublished?(stream: Stream): void
  /** The demand changed: see `Stream.demand`. Not called at its end. */
  demandChanged?(stream: Stream): void
  /** The stream is over: nothing follows. */
  closed?(stream: Stream): void
}
