export const KiB = 1024
export const MiB = 1024 * KiB
/** One second in microseconds, the unit between protocols. */
export const SECOND = 1_000_000
