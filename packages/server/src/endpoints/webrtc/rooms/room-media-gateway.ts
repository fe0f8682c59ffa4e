import type { Micros } from '@crossroom/media'
import type { NetworkQuality, PublishedStreamType, PublishedTrack } from '@crossroom/protocol'
import type { EndpointEnvironment } from '../../environment.js'
import type { PublishEnvironment } from '../../publish-attempt.js'
import type { RtcGateway } from '../port/index.js'
import type { RtpFanouts } from '../send/index.js'
import { DownLink } from './downlink.js'
import type { MediaGateway, MemberMedia, MemberMediaOptions, SubscribedTrack } from '../../../rooms/index.js'
import { networkQualityOf } from './network-quality.js'
import { RoomUplink } from './uplink.js'

/** How often the network is judged. */
const JUDGE_EVERY: Micros = 2_000_000

export interface RoomMediaGatewayOptions {
  readonly gateway: RtcGateway
  readonly fanouts: RtpFanouts
  readonly environment: PublishEnvironment & Pick<EndpointEnvironment, 'sourceFor'>
}

/** WebRTC for rooms: creates the parts of each browser on first use. */
export class RoomMediaGateway implements MediaGateway {
  readonly #options: RoomMediaGatewayOptions

  constructor(options: RoomMediaGatewayOptions) {
    this.#options = options
  }

  /** The media of one member with a browser; whoever opens it closes it. */
  open(member: MemberMediaOptions): MemberMedia {
    return new RoomMemberMedia(this.#options, member)
  }
}

/** One browser's media in its room: a PeerConnection to send and one to receive. */
class RoomMemberMedia implements MemberMedia {
  readonly #up: RoomUplink
  readonly #down: DownLink
  readonly #member: MemberMediaOptions
  readonly #options: RoomMediaGatewayOptions
  #quality: readonly [NetworkQuality, NetworkQuality] = [0, 0]
  #wasUp = false
  #cancelJudging: () => void

  constructor(options: RoomMediaGatewayOptions, member: MemberMediaOptions) {
    const { gateway, fanouts, environment } = options
    const { roomId, userId, remoteAddress, handlers } = member
    this.#options = options
    this.#member = member
    this.#up = new RoomUplink({
      ...{ environment, gateway, userId, roomId, remoteAddress },
      target: (streamType) => {
        // Only these two: what rooms give may be an object of theirs, with its fields behind getters.
        const { key, subject } = member.target(streamType)
        return { key, subject }
      },
      refused: (streamType, reason) => handlers.refused(streamType, reason),
    })
    this.#down = new DownLink({
      ...{ gateway, fanouts, roomId, userId, sourceFor: environment.sourceFor },
      ...{ hub: environment.hub, clock: environment.clock, log: environment.log, metrics: environment.metrics },
      onOffer: (offer) => handlers.offer(offer),
    })
    this.#cancelJudging = environment.clock.after(JUDGE_EVERY, this.#judge)
  }

  /** An offer of the up side; answers the SDP. Throws SdpError with a sentence. */
  publish(sdp: string, tracks: readonly PublishedTrack[]): string {
    return this.#up.publish(sdp, tracks)
  }

  unpublish(streamType: PublishedStreamType): void {
    this.#up.unpublish(streamType)
  }

  /** Replaces the complete subscription; an offer follows if that changes the sent tracks. */
  subscribe(tracks: readonly SubscribedTrack[]): void {
    this.#down.subscribe(tracks)
  }

  /** The answer to the offer of that revision; to an older one it is passed over. Throws SdpError. */
  answer(sdp: string, revision: number): void {
    this.#down.answer(sdp, revision)
  }

  /** A lite agent needs no candidates: it answers every peer with the password, at any address. */
  candidate(): void {
    // Browsers trickle them all the same.
  }

  /** Offers the down side with new ICE credentials. The up side is the browser's to restart. */
  restart(): void {
    this.#down.restart()
  }

  /** Idempotent. */
  close(): void {
    this.#cancelJudging()
    this.#up.close()
    this.#down.close()
  }

  /** Tells how the network is when that has changed. */
  readonly #judge = (): void => {
    this.#cancelJudging = this.#options.environment.clock.after(JUDGE_EVERY, this.#judge)
    const quality = [this.#judgeUp(), this.#judgeDown()] as const
    if (quality[0] === this.#quality[0] && quality[1] === this.#quality[1]) return
    this.#quality = quality
    this.#member.handlers.quality(...quality)
  }

  #judgeUp(): NetworkQuality {
    const { isConnected, path } = this.#up
    this.#wasUp ||= isConnected
    return networkQualityOf({
      ...{ isConnected, wasConnected: this.#wasUp, room: 1 },
      roundTrip: path?.roundTrip,
      lossFraction: path?.lossFraction ?? 0,
    })
  }

  #judgeDown(): NetworkQuality {
    const { isConnected, everConnected, stats, room } = this.#down
    return networkQualityOf({
      ...{ isConnected, wasConnected: everConnected, room },
      roundTrip: stats?.roundTrip,
      lossFraction: stats?.lossFraction ?? 0,
    })
  }
}
