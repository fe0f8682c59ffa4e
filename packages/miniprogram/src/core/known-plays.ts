import type { PlayAddresses, User } from '@crossroom/protocol'

/** Addresses of more streams than any room of phones plays; the oldest are forgotten first. */
const MAX_KNOWN = 512

const known = new Map<string, PlayAddresses>()

/**
 * Notes which addresses are of one stream. `<room-player>` is given one by the page, out of 1020 or 1033, and finds the
 * other protocol's here when that one does not play.
 */
export function rememberPlays(users: readonly User[]): void {
  for (const user of users) {
    for (const { play } of user.streams) {
      for (const url of [play.rtmp, play.flv]) {
        known.delete(url)
        known.set(url, play)
      }
    }
  }
  for (const url of known.keys()) {
    if (known.size <= MAX_KNOWN) break
    known.delete(url)
  }
}

/** The addresses of the stream that `url` plays; undefined when no session of this app has named it. */
export function playsOf(url: string): PlayAddresses | undefined {
  return known.get(url)
}
