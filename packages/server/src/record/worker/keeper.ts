import { createHash } from 'node:crypto'
import { readFile, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings, Trouble } from '../ipc.js'
import { toDelete } from '../model/retention.js'
import type { JournalFile } from './journal-file.js'
import { ManifestFiles } from './manifest-file.js'
import { Uploader } from './uploader.js'

/** What happens to files once they are finished: manifests, the store, deletion by age and by space. */
export class Keeper {
  readonly #settings: Settings
  readonly #journals: () => Iterable<JournalFile>
  readonly #tell: (part: Trouble['part'], problem: string | undefined) => void
  readonly #manifests: ManifestFiles
  readonly #uploader: Uploader | undefined
  #isDeleting = false

  /** Throws when the key of manifests can neither be read nor made. */
  constructor(
    settings: Settings,
    journals: () => Iterable<JournalFile>,
    tell: (part: Trouble['part'], problem: string | undefined) => void,
  ) {
    const { folder, keyFile, upload } = settings
    this.#settings = settings
    this.#journals = journals
    this.#tell = tell
    this.#manifests = new ManifestFiles(folder, keyFile)
    this.#uploader = upload && new Uploader(folder, upload, (problem) => tell('store', problem))
  }

  handleClosed(journal: JournalFile, segment: number): void {
    void this.writeManifest(journal)
    this.upload(journal, segment)
  }

  /** Once the store has it, the journal says so. */
  upload(journal: JournalFile, segment: number): void {
    const found = journal.state.segments.get(segment)
    if (this.#uploader === undefined || found?.closed === undefined || found.uploaded || found.deleted) return
    const { path, closed } = found
    const done = () => journal.add({ event: 'uploaded', at: Date.now(), segment })
    this.#uploader.add({ path, sha256: closed.sha256, done })
  }

  async handleEnded(journal: JournalFile): Promise<void> {
    await this.writeManifest(journal)
    if (this.#uploader === undefined) return
    const path = this.#manifests.pathOf(journal.state.id)
    const bytes = await readFile(join(this.#settings.folder, path)).catch(() => undefined)
    if (bytes === undefined) return
    this.#uploader.add({ path, sha256: createHash('sha256').update(bytes).digest('hex'), done: () => undefined })
  }

  async writeManifest({ state }: JournalFile): Promise<void> {
    try {
      await this.#manifests.write(state)
    } catch (error) {
      this.#tell('disk', (error as NodeJS.ErrnoException).code ?? 'EUNKNOWN')
    }
  }

  async removeManifest(id: string): Promise<void> {
    await this.#manifests.remove(id).catch(() => undefined)
  }

  /** Deletes what is too old or too much. */
  async sweep(): Promise<void> {
    const { retention, folder } = this.#settings
    const { afterHours, maxMegabytes, minFreeMegabytes } = retention
    if (this.#isDeleting || afterHours + maxMegabytes + minFreeMegabytes === 0) return
    this.#isDeleting = true
    try {
      const { bavail, bsize } = await statfs(folder)
      const journals = new Map([...this.#journals()].map((journal) => [journal.state, journal]))
      const doomed = toDelete(journals.keys(), retention, { nowMs: Date.now(), freeBytes: bavail * bsize })
      for (const { recording, segment } of doomed) {
        await rm(join(folder, segment.path), { force: true })
        journals.get(recording)!.add({ event: 'deleted', at: Date.now(), segment: segment.segment })
      }
      for (const recording of new Set(doomed.map((one) => one.recording)))
        await this.writeManifest(journals.get(recording)!)
    } catch (error) {
      this.#tell('disk', (error as NodeJS.ErrnoException).code ?? 'EUNKNOWN')
    } finally {
      this.#isDeleting = false
    }
  }
}
