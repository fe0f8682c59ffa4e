import { readFile, stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { compositeLimits } from '../config/index.js'
import { ApiError } from './errors.js'

/** What is behind the tiles of a composite. */
export interface Background {
  /** `#rrggbb`. */
  readonly colour?: string
  /** The file of a picture. */
  readonly file?: Uint8Array
}

/** Whether these are the first bytes of a picture that can be read. */
export type IsImage = (file: Uint8Array) => boolean

const COLOUR = /^#[0-9a-f]{6}$/i
const DATA = /^data:image\/[a-z0-9.+-]+;base64,([A-Za-z0-9+/=\s]+)$/i

/**
 * Reads `background` of a request: `#rrggbb`, a `data:` URL, or the path of a file of the server. Only pictures leave this
 * function: of another file nothing is learnt but that it is none.
 * @throws ApiError 400
 */
export async function readBackground(text: string, isImage: IsImage): Promise<Background> {
  if (COLOUR.test(text)) return { colour: text.toLowerCase() }
  const [, base64] = DATA.exec(text) ?? []
  const file = base64 === undefined ? await readPath(text) : Buffer.from(base64, 'base64')
  if (file.length > compositeLimits.imageBytes) throw tooBig()
  if (!isImage(file)) throw wrong('The background is no PNG, JPEG or WebP picture.')
  return { file }
}

async function readPath(path: string): Promise<Uint8Array> {
  if (!isAbsolute(path))
    throw wrong('The background must be #rrggbb, a data: URL of a picture, or the absolute path of one on the server.')
  const found = await stat(path).catch(() => undefined)
  if (found?.isFile() !== true) throw wrong('The background is no file of the server that can be read.')
  if (found.size > compositeLimits.imageBytes) throw tooBig()
  return readFile(path).catch(() => {
    throw wrong('The background is no file of the server that can be read.')
  })
}

function tooBig(): ApiError {
  return wrong(`The background has more than ${String(compositeLimits.imageBytes / 1_048_576)} MiB.`)
}

function wrong(sentence: string): ApiError {
  return new ApiError(400, 'BAD_BACKGROUND', sentence)
}
