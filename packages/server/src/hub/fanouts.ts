import { Fanout } from './fanout.js'
import type { FrameSource } from './sink.js'

/** What a new fanout is made of, but for what its owner adds. */
export type FanoutRecipe = Omit<ConstructorParameters<typeof Fanout>[1], 'kind' | 'onEmpty'>

/** The fanouts in use: one per stream and variant (`flv`, `flv+silence`, `rtmp`), gone with its last viewer. */
export class Fanouts {
  readonly #fanouts = new Map<FrameSource, Map<string, Fanout>>()

  /** The fanout of that variant; made with `recipe` when this is its first viewer. */
  of(stream: FrameSource, variant: string, recipe: () => FanoutRecipe): Fanout {
    const variants = this.#fanouts.get(stream) ?? new Map<string, Fanout>()
    this.#fanouts.set(stream, variants)
    const present = variants.get(variant)
    if (present !== undefined) return present
    const made = new Fanout(stream, {
      ...recipe(),
      kind: variant,
      onEmpty: () => {
        variants.delete(variant)
        if (variants.size === 0) this.#fanouts.delete(stream)
      },
    })
    if (!made.isClosed) variants.set(variant, made)
    return made
  }
}
