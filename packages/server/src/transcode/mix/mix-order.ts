/** Told to the codec process: mix a room. It does so each time that it is told to advance, to the server's time of that. */
export interface MixRoomOrder {
  readonly kind: 'mix-room'
  readonly room: number
}

/** Told to the codec process: what comes is one source of a room's mixes. */
export interface MixInputOrder {
  readonly kind: 'mix-input'
  readonly room: number
  /** Unique within the room. */
  readonly input: number
}

/** Told to the codec process: make one mix of a room. AAC-LC, one channel, 48 kHz. */
export interface MixOutputOrder {
  readonly kind: 'mix-output'
  readonly room: number
  /** Whose sound is in it; one that is not there is silent. */
  readonly inputs: readonly number[]
}

export type MixOrder = MixRoomOrder | MixInputOrder | MixOutputOrder
