import { TimestampUnwrapper } from '../chunk/timestamp-unwrapper.js'
import type { RtmpLimits } from '../limits.js'
import { WaitingMessages } from './waiting-messages.js'

/** `…Requested` waits for the owner's answer. */
export type ServerStreamState = 'idle' | 'publishRequested' | 'publishing' | 'playRequested' | 'playing'

/** One message stream that a client made with `createStream`. */
export class ServerStream {
  readonly streamId: number
  state: ServerStreamState = 'idle'
  /** As the client wrote it, without arguments. */
  streamName = ''
  timestamps = new TimestampUnwrapper()
  /** The messages between `publish` and its answer. */
  readonly waiting: WaitingMessages

  constructor(streamId: number, limits: RtmpLimits) {
    this.streamId = streamId
    this.waiting = new WaitingMessages(limits)
  }

  /** Ends its publish or play, and drops messages that waited for the answer. */
  end(): void {
    this.state = 'idle'
    this.waiting.take()
  }

  get isPublisher(): boolean {
    return this.state === 'publishRequested' || this.state === 'publishing'
  }

  get isPlayer(): boolean {
    return this.state === 'playRequested' || this.state === 'playing'
  }
}
