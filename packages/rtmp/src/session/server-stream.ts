import { TimestampUnwrapper } from '../chunk/timestamp-unwrapper.js'

/** `…Requested` waits for the owner's answer. */
export type ServerStreamState = 'idle' | 'publishRequested' | 'publishing' | 'playRequested' | 'playing'

/** One message stream that a client made with `createStream`. */
export class ServerStream {
  readonly streamId: number
  state: ServerStreamState = 'idle'
  /** As the client wrote it, without arguments. */
  streamName = ''
  timestamps = new TimestampUnwrapper()

  constructor(streamId: number) {
    this.streamId = streamId
  }

  get isPublisher(): boolean {
    return this.state === 'publishRequested' || this.state === 'publishing'
  }

  get isPlayer(): boolean {
    return this.state === 'playRequested' || this.state === 'playing'
  }
}
