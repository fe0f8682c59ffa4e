import type { PublishedStreamType, TrackKind, User, StreamSubscription } from '@crossroom/protocol'

/** The views of remote video. */
export interface ViewedPicture {
  readonly userId: string
  readonly streamType: PublishedStreamType
  /** Pixels of the screen. */
  readonly maxWidth: number
}

/** The inputs of the subscription. */
export interface Taste {
  readonly autoReceiveVideo: boolean
  /** Width in pixels of video that is not in view. */
  readonly unseenWidth: number
  readonly views: readonly ViewedPicture[]
  readonly wantsAudioOf: (userId: string) => boolean
  /** Whether this track was ever there: who mutes and unmutes keeps the place, so that nothing is negotiated for it. */
  readonly wasThere: (userId: string, streamType: PublishedStreamType, kind: TrackKind) => boolean
}

/** Maximum width of video without a view, unless the page sets another. */
export const UNSEEN_WIDTH = 320
/** Widths are asked for in these steps, for a window that is being resized must not send a message per pixel. */
const WIDTH_STEPS = [160, 320, 480, 640, 960, 1280, 1920, 2560, 3840] as const
/** A view may be so much wider than the step in use before the next one is taken, and shrink so far before the one below. */
const GROW = 1.15
const SHRINK = 0.85

/** `USER STREAM`: userIds hold no spaces. */
export function streamKey(userId: string, streamType: PublishedStreamType): string {
  return `${userId} ${streamType}`
}

/** The width to ask for: the step above `pixels`, but the one in use while that fits nearly. */
export function widthFor(pixels: number, inUse?: number): number {
  const step = WIDTH_STEPS.find((width) => width >= pixels) ?? WIDTH_STEPS.at(-1)!
  if (inUse === undefined || step === inUse) return step
  const isNear = step > inUse ? pixels <= inUse * GROW : pixels > largestBelow(inUse) * SHRINK
  return isNear ? inUse : step
}

function largestBelow(width: number): number {
  return WIDTH_STEPS.filter((step) => step < width).at(-1) ?? 0
}

/**
 * The complete subscription, most important first: video in view, the larger first, then video without a view, last
 * temporarily hidden video. If the bandwidth is too low, the server drops from the end.
 */
export function subscriptionOf(users: readonly User[], taste: Taste): StreamSubscription[] {
  const views = new Map(taste.views.map((view) => [streamKey(view.userId, view.streamType), view.maxWidth]))
  const weighed: { weight: number; stream: StreamSubscription }[] = []
  for (const { userId, streams } of users) {
    for (const { streamType, hasAudio, hasVideo } of streams) {
      if (streamType === 'small') continue
      const maxWidth = views.get(streamKey(userId, streamType))
      const wantsVideo = maxWidth !== undefined || taste.autoReceiveVideo
      const audio = taste.wantsAudioOf(userId) && (hasAudio || taste.wasThere(userId, streamType, 'audio'))
      const video = wantsVideo && (hasVideo || taste.wasThere(userId, streamType, 'video'))
      if (!audio && !video) continue
      const stream = { userId, streamType, audio, video, ...(video ? { maxWidth: maxWidth ?? taste.unseenWidth } : {}) }
      weighed.push({ weight: hasVideo ? (maxWidth ?? 1) : 0, stream })
    }
  }
  return weighed.sort((a, b) => b.weight - a.weight).map(({ stream }) => stream)
}
