import type { Netstatus, ReportParams } from '@crossroom/protocol'

/** `bindnetstatus` comes every two seconds from every tag; the server wants a trend, not each figure. */
const REPORT_EVERY_MS = 10_000

/** Hands what LiteAV measures to the server, seldom enough for a room of phones. */
export class NetReports {
  readonly #report: (report: ReportParams) => void
  readonly #reportedAt = new Map<string, number>()

  constructor(report: (report: ReportParams) => void) {
    this.#report = report
  }

  /** `info` of a `netstatus` event; `userId` is whose stream it is, undefined for the pusher. */
  handle(nowMs: number, info: object, userId?: string): void {
    const key = userId ?? ''
    if (nowMs - (this.#reportedAt.get(key) ?? -Infinity) < REPORT_EVERY_MS) return
    this.#reportedAt.set(key, nowMs)
    const netstatus = netstatusOf(info)
    this.#report(userId === undefined ? { direction: 'publish', netstatus } : { direction: 'play', userId, netstatus })
  }
}

/** Names and plain values only; what a newer WeChat nests inside is left out. */
function netstatusOf(info: object): Netstatus {
  const netstatus: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(info) as [string, unknown][]) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') netstatus[name] = value
  }
  return netstatus
}
