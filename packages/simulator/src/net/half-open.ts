/** How long the near side of a connection whose network is gone is kept from answering. Milliseconds. */
export const HALF_OPEN_MS = 30_000
