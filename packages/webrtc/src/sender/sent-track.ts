import type { Micros } from '@crossroom/media'
import { FrameGate } from './frame-gate.js'
import type { PathBacklog } from './path-backlog.js'
import { ReportSchedule } from './report-schedule.js'
import type { ResendBudget } from './resend-budget.js'
import { ResendLedger } from './resend-ledger.js'
import { MISSING_KEYFRAME_INTERVAL, Throttle, VIEWER_KEYFRAME_INTERVAL } from './throttle.js'

/** One track that a viewer is sent. */
export interface PlayTrack {
  readonly kind: 'video' | 'audio'
  readonly ssrc: number
  /** There is RTX, or the profile allows the identical packet: NACKs are answered. */
  readonly canResend: boolean
  /** Packets per second that the source sends at present. */
  readonly packetsPerSecond: () => number
  /** Bits per second of payload that the source sends at present. */
  readonly bitsPerSecond: () => number
  /**
   * The source's RTP time at `now` on the live mapping, never a squeezed one; undefined while there is none. On the
   * source's time line: the egress adds the viewer's offset.
   */
  readonly rtpTimestampAt: (now: Micros) => number | undefined
}

/** The sender's state of one track. */
export class SentTrack {
  readonly track: PlayTrack
  readonly ledger: ResendLedger
  readonly gate: FrameGate
  readonly keyframes = new Throttle(VIEWER_KEYFRAME_INTERVAL)
  readonly missingKeyframes = new Throttle(MISSING_KEYFRAME_INTERVAL)
  readonly reports: ReportSchedule
  /** Of the last receiver report, 0 to 1. */
  loss = 0

  constructor(track: PlayTrack, now: Micros, budget: ResendBudget, backlog: PathBacklog) {
    this.track = track
    this.ledger = new ResendLedger(budget)
    this.gate = new FrameGate(backlog)
    this.reports = new ReportSchedule(now)
  }
}
