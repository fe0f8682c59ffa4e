import { checkOptions, publishRules } from '../arguments.js'
import { StreamPlayer, type PlayOptions } from './stream-player.js'
import { StreamPublisher, type PublishOptions } from './stream-publisher.js'

export { captureMissing, type CaptureSource } from './capture.js'
export { totalDelay } from './delay.js'
export type { Setback } from './plan.js'
export type { PlayerState } from './player.js'
export { failureOfCapture, type PublishFailure } from './publish-failure.js'
export type { PublishState } from './publisher.js'
export { watchRoundTrips } from './round-trip.js'
export type { Limitation, SentReading } from './sender-stats.js'
export { PROTOCOLS, type DelayPart, type FailureReason, type Preference, type Protocol, type Sample } from './source.js'
export { StreamPlayer, type PlayOptions, type StreamPlayerEvents } from './stream-player.js'
export {
  StreamPublisher,
  type PublishOptions,
  type PublishTarget,
  type StreamPublisherEvents,
} from './stream-publisher.js'

/** Plays a plain stream, from now until `stop`. Throws `INVALID_ARGUMENT` or `VIEW_NOT_FOUND`. */
export function play(options: PlayOptions): StreamPlayer {
  return new StreamPlayer(options)
}

/** Captures and publishes a plain stream, until `close`. Rejects with CrossroomError when nothing could be captured. */
export async function publish(options: PublishOptions): Promise<StreamPublisher> {
  checkOptions('publish', options, publishRules, ['stream'])
  const publisher = new StreamPublisher()
  const { source = 'camera', view, ...target } = options
  try {
    if (view !== undefined) publisher.showIn(view)
    await publisher.open(source)
    publisher.start(target)
    return publisher
  } catch (error) {
    publisher.close()
    throw error
  }
}
