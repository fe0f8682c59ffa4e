export { baseMsFor, viewerTimestampMs } from './batch.js'
export type { Clock } from './clock.js'
export { Connections, type Connection } from './connections.js'
export { Fanout, type FanoutOptions } from './fanout.js'
export { Fanouts, type FanoutRecipe } from './fanouts.js'
export type { PlayerNeeds, SourceFor } from './needs.js'
export type { Packer } from './packer.js'
export type { StreamObserver } from './observer.js'
export type { StreamResolver } from './resolver.js'
export { SilenceFiller, type FrameFilter } from './silence-filler.js'
export { CacheTotal, GopCache } from './gop-cache.js'
export { LeadingPictures, withoutLeading } from './leading-pictures.js'
export { Outlet } from './outlet.js'
export type { StartsAt } from './start.js'
export type { BridgeOf, Demand, EndReason, FrameSink, FrameSource, Tracks } from './sink.js'
export {
  Publication,
  Stream,
  type PublicationEnd,
  type PublisherInfo,
  type StreamLimits,
  type StreamState,
  type TrackRefusal,
} from './stream.js'
export { StreamHub } from './stream-hub.js'
export { StreamKey, type RoomStreamName } from './stream-key.js'
export { WithoutTrack } from './without-track.js'
export type { Withheld } from './withholding.js'
export { Viewer, type ByteTransport, type ViewerInfo, type ViewerLimits, type ViewerTotals } from './viewer.js'
export { TrackLiveness } from './track-liveness.js'
