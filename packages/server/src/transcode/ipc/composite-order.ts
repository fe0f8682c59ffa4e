/** In pixels of the canvas, all even: a picture in 4:2:0 has half as many in its colours. */
export interface Rect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Tells the codec process that this channel brings the pictures of a source of composites. */
export interface CompositeInputOrder {
  readonly kind: 'composite-input'
  /** Unique within the process. */
  readonly input: number
}

/** Gives the codec process a picture for backgrounds. */
export interface CompositeImageOrder {
  readonly kind: 'composite-image'
  /** Unique within the process. */
  readonly image: number
  /** A PNG, JPEG or WebP file, in base64. */
  readonly file: string
}

/** One picture of a composite. */
export interface CompositeTile {
  readonly input: number
  readonly place: Rect
  /** Shown on the picture, and in its place while there is none; empty for no text. */
  readonly name: string
  /** Of the plate in place of a picture, in degrees. */
  readonly hue: number
  readonly isMuted: boolean
  /** Its picture may not be shown. */
  readonly isHidden: boolean
  /** Its last picture stays, however old it is. */
  readonly isLive: boolean
}

/** Told to the codec process: paint a composite each time that it is told to advance, and code it as H.264. */
export interface CompositeOutputOrder {
  readonly kind: 'composite-output'
  readonly width: number
  readonly height: number
  readonly fps: number
  /** In drawing order. */
  readonly tiles: readonly CompositeTile[]
  /** `#rrggbb`. */
  readonly colour: string
  /** Of the image behind the tiles. */
  readonly image?: number
  /** A font file; without it no text is drawn. */
  readonly font?: string
  /** Paint and code a moving pattern instead; `receivedAt` of a picture says how long the one before it took. */
  readonly isTrial?: true
}

export type CompositeOrder = CompositeInputOrder | CompositeImageOrder | CompositeOutputOrder
