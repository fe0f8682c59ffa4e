import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { jobLimits } from '../config/index.js'
import type { StateDirectory } from './state-directory.js'
import { StateFile } from './state-file.js'

/** One kind of job, as its documents are kept. */
export interface JobKind<T extends StoredJob> {
  /** The folder inside the state directory: `pulls`, `recordings`, … */
  readonly name: string
  /** Raised with every change that an older server could not read. */
  readonly version: number
  readonly schema: z.ZodType<T>
  /** Documents at the same time; default `jobLimits.documents`. */
  readonly maxDocuments?: number
  /** Bytes of one document; default `jobLimits.documentBytes`. */
  readonly maxBytes?: number
}

export interface StoredJob {
  readonly id: string
}

/** A job could not be stored. */
export class StateError extends Error {
  readonly code = 'STATE_NOT_STORED'
}

const ID = /^[A-Za-z0-9_-]{1,64}$/
const ENDING = '.json'

/** The jobs of one kind that outlive the server: one document each, so that one that is damaged costs one job. */
export class JobStore<T extends StoredJob> {
  readonly #directory: StateDirectory
  readonly #kind: JobKind<T>
  readonly #folder: string | undefined
  readonly #files = new Map<string, StateFile<T>>()

  constructor(directory: StateDirectory, kind: JobKind<T>) {
    this.#directory = directory
    this.#kind = kind
    this.#folder = directory.path === undefined ? undefined : join(directory.path, kind.name)
  }

  /** For the start of the server: blocks. What cannot be read is told to the log and passed over. */
  load(): T[] {
    if (this.#folder === undefined) return []
    const jobs: T[] = []
    for (const id of this.#idsIn(this.#folder)) {
      const file = this.#fileOf(id, this.#folder)
      const read = file.read()
      if (read !== undefined && 'value' in read && read.value.id === id) jobs.push(read.value)
      else {
        this.#files.delete(id)
        this.#tell(read !== undefined && 'problem' in read ? read.problem : `${file.path} holds another job.`)
      }
    }
    return jobs
  }

  /**
   * Resolves when the job is on disk; at once without a state directory.
   * @throws StateError
   */
  async save(job: T): Promise<void> {
    if (this.#folder === undefined) return
    const { maxDocuments = jobLimits.documents, name } = this.#kind
    if (!this.#files.has(job.id) && this.#files.size >= maxDocuments)
      throw new StateError(`There are ${String(maxDocuments)} ${name} already; end one first.`)
    await this.#attempt(() => this.#fileOf(job.id, this.#folder!).write(job))
  }

  /** @throws StateError */
  async remove(id: string): Promise<void> {
    const file = this.#files.get(id)
    if (file === undefined) return
    await this.#attempt(() => file.remove())
    this.#files.delete(id)
  }

  #idsIn(folder: string): string[] {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const names = readdirSync(folder)
      for (const name of names) if (name.endsWith('.tmp')) rmSync(join(folder, name), { force: true })
      const ids = names.filter((name) => name.endsWith(ENDING)).map((name) => name.slice(0, -ENDING.length))
      const { maxDocuments = jobLimits.documents } = this.#kind
      if (ids.length > maxDocuments)
        this.#tell(`${folder} holds more than ${String(maxDocuments)} documents; the rest is not read.`)
      return ids.filter((id) => ID.test(id)).slice(0, maxDocuments)
    } catch (error) {
      this.#tell(`${folder} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unreadable'}).`)
      return []
    }
  }

  #fileOf(id: string, folder: string): StateFile<T> {
    if (!ID.test(id)) throw new StateError(`"${id}" is no id.`)
    const present = this.#files.get(id)
    if (present !== undefined) return present
    const { version, schema, maxBytes = jobLimits.documentBytes } = this.#kind
    const file = new StateFile(join(folder, id + ENDING), { version, schema, maxBytes })
    this.#files.set(id, file)
    return file
  }

  async #attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      this.#tell(`A document of ${this.#kind.name} could not be stored (${code ?? message}).`)
      throw new StateError(`The job could not be stored (${code ?? message}); see --state-dir.`)
    }
  }

  #tell(why: string): void {
    this.#directory.log.warn({ kind: this.#kind.name, why }, 'A stored job is not used')
  }
}
