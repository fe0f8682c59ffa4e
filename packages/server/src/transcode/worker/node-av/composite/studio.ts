import type { CompositeImageOrder, CompositeInputOrder, CompositeOrder } from '../../../ipc/composite-order.js'
import type { Converter, Emit, Studio } from '../../converter.js'
import type { Library } from '../library.js'
import { Composition } from './composition.js'
import { PictureInput } from './picture-input.js'

/** The composites of one codec process. A source is decoded once, however many show it. */
export class NodeAvStudio implements Studio {
  readonly #library: Library
  readonly #inputs = new Map<number, PictureInput>()
  readonly #images = new Map<number, Buffer>()

  constructor(library: Library) {
    this.#library = library
  }

  /** Throws a sentence. */
  createConverter(order: CompositeOrder, emit: Emit): Converter {
    switch (order.kind) {
      case 'composite-input':
        return this.#createInput(order)
      case 'composite-image':
        return this.#createImage(order)
      case 'composite-output':
        return new Composition(
          this.#library,
          order,
          { input: (id) => this.#inputs.get(id), image: (id) => this.#images.get(id) },
          emit,
        )
    }
  }

  #createInput({ input: id }: CompositeInputOrder): Converter {
    const input = new PictureInput(this.#library)
    this.#inputs.set(id, input)
    return {
      handleFrame: (frame) => input.handleFrame(frame),
      handleAdvance: ignore,
      handleKeyframeRequest: ignore,
      close: () => {
        this.#inputs.delete(id)
        input.close()
      },
    }
  }

  #createImage({ image: id, file }: CompositeImageOrder): Converter {
    this.#images.set(id, Buffer.from(file, 'base64'))
    return {
      handleFrame: ignore,
      handleAdvance: ignore,
      handleKeyframeRequest: ignore,
      close: () => void this.#images.delete(id),
    }
  }
}

const ignore = (): void => undefined
