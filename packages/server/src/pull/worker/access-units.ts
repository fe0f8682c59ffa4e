import type { Micros } from '@crossroom/media'
import type { PictureSizes } from './picture-sizes.js'

export interface Piece {
  /** Where the picture was taken, as its age; undefined: unknown. */
  readonly age: Micros | undefined
  readonly pts: Micros
}

/**
 * Joins the pieces of pictures that RTSP gives: NAL units and parts of them, of one time. A picture has ended with the first
 * piece of another time, which costs the distance of two pictures; or, where sizes are known, with its last byte.
 */
export class AccessUnits {
  readonly #emit: (bytes: Uint8Array, piece: Piece) => void
  readonly #sizes: PictureSizes | undefined
  readonly #maxBytes: number
  #pieces: Uint8Array[] = []
  #bytes = 0
  #first: Piece | undefined

  constructor(options: { sizes?: PictureSizes | undefined; maxBytes: number }, emit: AccessUnits['push']) {
    this.#emit = emit
    this.#sizes = options.sizes
    this.#maxBytes = options.maxBytes
  }

  /** @param bytes are kept */
  push(bytes: Uint8Array, piece: Piece): void {
    if (this.#first !== undefined && this.#first.pts !== piece.pts) this.flush()
    if (this.#first === undefined) {
      // Its beginning is out already: a size belonged to another picture.
      if (!beginsUnit(bytes)) return this.#sizes?.clear()
      this.#first = piece
    }
    this.#pieces.push(bytes)
    this.#bytes += bytes.length
    if (this.#bytes > this.#maxBytes) return this.#drop()
    if (this.#bytes !== this.#sizes?.next) return
    this.#sizes.take()
    this.#end()
  }

  /** No more of the picture that is held will come. */
  flush(): void {
    if (this.#first === undefined) return
    this.#sizes?.takeThrough(this.#bytes)
    this.#end()
  }

  #end(): void {
    const [only] = this.#pieces
    const bytes = this.#pieces.length === 1 ? only! : joined(this.#pieces, this.#bytes)
    const first = this.#first!
    this.#drop()
    this.#emit(bytes, first)
  }

  #drop(): void {
    this.#pieces = []
    this.#bytes = 0
    this.#first = undefined
  }
}

function beginsUnit(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && (bytes[2] === 1 || (bytes[2] === 0 && bytes[3] === 1))
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const piece of pieces) {
    bytes.set(piece, offset)
    offset += piece.length
  }
  return bytes
}
