import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, statSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'

/** What the documents of one kind hold. */
export interface DocumentShape<T> {
  /** Raised with every change that an older server could not read. */
  readonly version: number
  readonly schema: z.ZodType<T>
  readonly maxBytes: number
}

/** What reading gave: the value, nothing, or a sentence on why the document is not used. */
export type ReadDocument<T> = { readonly value: T } | { readonly problem: string } | undefined

const envelope = z.object({ version: z.int().min(1), value: z.unknown() })
/** Behind the name of a document that could not be read; the operator may look at it. */
const SET_ASIDE = '.corrupt'

/**
 * One JSON document on disk. A reader finds the last document that was written wholly, whenever the server or the machine
 * stops: it is written beside, flushed, and renamed.
 */
export class StateFile<T> {
  readonly path: string
  readonly #shape: DocumentShape<T>
  #writing: Promise<void> = Promise.resolve()

  constructor(path: string, shape: DocumentShape<T>) {
    this.path = path
    this.#shape = shape
  }

  /** For the start of the server: blocks. A document that makes no sense is set aside. */
  read(): ReadDocument<T> {
    try {
      const { size } = statSync(this.path)
      if (size > this.#shape.maxBytes) return this.#setAside(`is longer than ${String(this.#shape.maxBytes)} bytes`)
      return this.#parse(readFileSync(this.path, 'utf8'))
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
      return code === 'ENOENT' ? undefined : { problem: `${this.path} cannot be read (${code}).` }
    }
  }

  /** One write after the other; rejects with the error of the file system, or a sentence when the document is too long. */
  write(value: T): Promise<void> {
    return this.#next(async () => {
      const bytes = Buffer.from(`${JSON.stringify({ version: this.#shape.version, value })}\n`)
      if (bytes.length > this.#shape.maxBytes)
        throw new Error(
          `A document of ${String(bytes.length)} bytes is longer than the ${String(this.#shape.maxBytes)} allowed.`,
        )
      await writeAtomically(this.path, bytes)
    })
  }

  remove(): Promise<void> {
    return this.#next(() => rm(this.path, { force: true }))
  }

  #next(act: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(act)
    this.#writing = done.catch(() => undefined)
    return done
  }

  #parse(text: string): ReadDocument<T> {
    const read = envelope.safeParse(parseJson(text))
    if (!read.success) return this.#setAside('is no document of this server')
    const { version, value } = read.data
    if (version > this.#shape.version)
      return { problem: `${this.path} was written by a newer version and is left alone.` }
    const parsed = this.#shape.schema.safeParse(value)
    if (parsed.success) return { value: parsed.data }
    const [issue] = parsed.error.issues
    return this.#setAside(`is not valid (${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? ''})`)
  }

  #setAside(why: string): ReadDocument<T> {
    const aside = this.path + SET_ASIDE
    renameSync(this.path, aside)
    return { problem: `${this.path} ${why}; it was renamed to ${aside}.` }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.${randomBytes(6).toString('hex')}.tmp`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    const file = await open(fresh, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** The new name is as durable as the bytes only after this. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
