import { mkdir, open, readdir, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { recordLimits } from '../../config/limits.js'
import { readJournal, RecordingState, type BeginEvent, type JournalEvent } from '../model/journal.js'

/** Inside the folder of recordings. */
export const JOURNALS = '.journal'
const ENDING = '.jsonl'

/** The journal of one recording. Lines are written in order; what could not be written is tried again with the next line. */
export class JournalFile {
  readonly state: RecordingState
  readonly #path: string
  readonly #tell: (event: JournalEvent) => void
  #file: FileHandle | undefined
  #lines: string[] = []
  #writing: Promise<void> = Promise.resolve()

  constructor(folder: string, state: RecordingState, tell: (event: JournalEvent) => void) {
    this.state = state
    this.#path = join(folder, JOURNALS, state.id + ENDING)
    this.#tell = tell
  }

  static begin(folder: string, event: BeginEvent, tell: (event: JournalEvent) => void): JournalFile {
    const journal = new JournalFile(folder, new RecordingState(event), tell)
    journal.#lines.push(lineOf(event))
    tell(event)
    return journal
  }

  /** Resolves when the line is on its way to the disk; told at once. */
  add(event: JournalEvent): void {
    const line = lineOf(event)
    if (line.length > recordLimits.journalLineBytes) return
    this.state.apply(event)
    this.#tell(event)
    this.#lines.push(line)
    void this.flush().catch(() => undefined)
  }

  /** Rejects with the error of the file system; the lines stay. */
  flush(isDurable = false): Promise<void> {
    const done = this.#writing.then(() => this.#write(isDurable))
    this.#writing = done.catch(() => undefined)
    return done
  }

  async close(): Promise<void> {
    await this.flush(true).catch(() => undefined)
    await this.#file?.close()
    this.#file = undefined
  }

  async remove(): Promise<void> {
    await this.close()
    await rm(this.#path, { force: true })
  }

  async #write(isDurable: boolean): Promise<void> {
    if (this.#lines.length > 0) {
      const lines = this.#lines
      this.#file ??= await openJournal(this.#path)
      // A newline first: the last line may be torn.
      await this.#file.appendFile(lines.join(''))
      this.#lines = this.#lines.slice(lines.length)
    }
    if (isDurable) await this.#file?.sync()
  }
}

/**
 * Waits until the process that wrote here before is gone: the server may have been killed and be back while it finishes its
 * files.
 */
export async function takeFolder(folder: string): Promise<void> {
  const path = join(folder, JOURNALS, 'pid')
  await mkdir(join(folder, JOURNALS), { recursive: true, mode: 0o750 })
  const before = Number(await readFile(path, 'utf8').catch(() => ''))
  const deadline = performance.now() + recordLimits.finishMicros / 1000
  while (before > 0 && before !== process.pid && isRunning(before) && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50))
  await writeFile(path, String(process.pid))
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** All journals of the folder. What cannot be read is passed over. */
export async function readJournals(folder: string): Promise<RecordingState[]> {
  await mkdir(join(folder, JOURNALS), { recursive: true, mode: 0o750 })
  const names = (await readdir(join(folder, JOURNALS))).filter((name) => name.endsWith(ENDING)).sort()
  const states: RecordingState[] = []
  for (const name of names.slice(-recordLimits.listed)) {
    const state = readJournal(await readFile(join(folder, JOURNALS, name), 'utf8').catch(() => ''))
    if (state !== undefined && state.id + ENDING === name) states.push(state)
  }
  return states
}

async function openJournal(path: string): Promise<FileHandle> {
  const file = await open(path, 'a', 0o640)
  const { size } = await file.stat()
  if (size > 0) await file.appendFile('\n')
  return file
}

function lineOf(event: JournalEvent): string {
  return `${JSON.stringify(event)}\n`
}
