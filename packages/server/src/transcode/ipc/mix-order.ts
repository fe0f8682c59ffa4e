/** Told to the codec process: mix a room. It does so each time that it is told to advance, to the server's time of that. */
export interface MixRoomOrder {
  readonly kind: 'mix-room'
  readonly room: number
}

/** Tells the codec process that this channel is a source of a room's mixes. */
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
  /** The members in the mix; an absent one is silent. */
  readonly inputs: readonly number[]
}

export type MixOrder = MixRoomOrder | MixInputOrder | MixOutputOrder
