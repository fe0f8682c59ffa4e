/** What phones do that specifications do not say; each can be switched on by itself. */
export interface Quirks {
  /** An audio message between the chunks of one video message, as LiteAV writes them. Default false. */
  readonly interleavedAudio: boolean
  /** 1002 is never raised, as newer base libraries do. Default false. */
  readonly without1002: boolean
  /** Seconds from keyframe to keyframe: 3 in RTC mode, 5 in SD, HD and FHD. Default 3. */
  readonly gopSeconds: number
  /** Every so many seconds the size follows the bitrate: 1005 and another sequence header in mid-stream. Default 0: never. */
  readonly resizeSeconds: number
  /** What a microphone sends that is off. Default `silence`. */
  readonly silentMicrophone: 'silence' | 'nothing'
  /** What a camera sends that is off. Default `nothing`. */
  readonly darkCamera: 'black' | 'nothing'
  /**
   * How much players keep back: what `min-cache` and `max-cache` ask for, or, as is reported of mode RTC, always the little of
   * calls (0.1 to 0.3 s) or always that of live streams (1 to 3 s). Default `asked`.
   */
  readonly playerCache: 'asked' | 'short' | 'long'
  /** Addresses that are longer, or hold a percent sign, fail as on iOS. Default 0: none. */
  readonly urlLimit: number
  /** Milliseconds between LiteAV's own three attempts to reconnect. Default 1000. */
  readonly reconnectMs: number
}

export const DEFAULT_QUIRKS: Quirks = {
  interleavedAudio: false,
  without1002: false,
  gopSeconds: 3,
  resizeSeconds: 0,
  silentMicrophone: 'silence',
  darkCamera: 'nothing',
  playerCache: 'asked',
  urlLimit: 0,
  reconnectMs: 1000,
}

/** Seconds that a player keeps back before it begins, and at most. */
export interface PlayerCache {
  readonly min: number
  readonly max: number
}

export const PLAYER_CACHES: Readonly<Record<'short' | 'long', PlayerCache>> = {
  short: { min: 0.1, max: 0.3 },
  long: { min: 1, max: 3 },
}

/** Where an address fails on iOS. */
export function isRefusedUrl(url: string, { urlLimit }: Quirks): boolean {
  return urlLimit > 0 && (url.length > urlLimit || url.includes('%'))
}
