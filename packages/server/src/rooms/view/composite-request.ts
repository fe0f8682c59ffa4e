import type { CompositeFormat, CompositeLayout } from '../media/composer.js'

/** What a composite shows. */
export interface CompositeChoice {
  readonly layout: CompositeLayout
  /** The user who neither is in it nor is heard: its receiver. */
  readonly except?: string | undefined
  /** The user who is in the first place, whoever speaks. */
  readonly focus?: string | undefined
  /** `#rrggbb` behind the tiles. */
  readonly colour: string
}

export interface CompositeRequest extends CompositeChoice, CompositeFormat {
  /** Absent: where a font is there. */
  readonly names?: boolean | undefined
  /** The file of a picture. */
  readonly background?: Uint8Array | undefined
}

/** Absent fields stay as they are; `focus` and `background` null: none. */
export interface CompositeChange {
  readonly layout?: CompositeLayout | undefined
  readonly names?: boolean | undefined
  readonly focus?: string | null | undefined
  readonly colour?: string | undefined
  readonly background?: Uint8Array | null | undefined
}

export interface CompositeSummary extends CompositeChoice, CompositeFormat {
  readonly id: string
  /** The address that plays it; lives as long as the composite. */
  readonly token: string
  readonly names: boolean
  readonly isRunning: boolean
  readonly lagMs: number
  /** Pictures that were left out, as the machine was behind. */
  readonly skipped: number
}

/** Why a composite is not made or changed. */
export interface CompositeRefusal {
  readonly refused: 'MEDIA_CAPACITY' | 'NO_FONT' | 'TOO_MANY_COMPOSITES' | 'COMPOSITES_OFF'
  readonly sentence: string
}
