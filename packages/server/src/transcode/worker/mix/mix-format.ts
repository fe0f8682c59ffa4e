/** Samples that are mixed at a time: one frame of AAC-LC at OUTPUT_RATE, one channel. */
export const MIX_FRAME = 1024
/**
 * Frames that are kept of every input. An encoder that takes over from another is given them first: each coded frame of
 * AAC overlaps with the one before, and one more is in the encoder's look-ahead.
 */
export const MIX_HISTORY = 3
