import { createHash } from 'node:crypto'
import { mkdir, open, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { recordLimits } from '../../config/limits.js'

/** A file as it was finished. */
export interface FinishedFile {
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** A new file of the folder; the name gets a number where it is taken. Answers the path inside the folder. */
export async function createFile(
  folder: string,
  path: string,
  ending: string,
): Promise<{ file: FileHandle; path: string }> {
  await mkdir(dirname(join(folder, path)), { recursive: true, mode: 0o750 })
  for (let number = 1; ; number++) {
    const name = number === 1 ? path + ending : `${path}-${String(number)}${ending}`
    try {
      return { file: await open(join(folder, name), 'wx+', 0o640), path: name }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number > 1000) throw error
    }
  }
}

/** Writes all of the parts at the end of the file, wherever a write that failed has left it. */
export async function writeAll(file: FileHandle, parts: readonly Uint8Array[], position: number): Promise<void> {
  let rest = parts
  let at = position
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev([...rest], at)
    at += bytesWritten
    rest = without(rest, bytesWritten)
  }
}

function without(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let left = bytes
  const rest: Uint8Array[] = []
  for (const part of parts) {
    if (left >= part.length) left -= part.length
    else {
      rest.push(part.subarray(left))
      left = 0
    }
  }
  return rest
}

/** Reads the whole file once. */
export async function hashFile(file: FileHandle): Promise<FinishedFile> {
  const hash = createHash('sha256')
  const buffer = new Uint8Array(recordLimits.readBytes)
  let bytes = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, bytes)
    if (bytesRead === 0) return { bytes, sha256: hash.digest('hex') }
    hash.update(buffer.subarray(0, bytesRead))
    bytes += bytesRead
  }
}
