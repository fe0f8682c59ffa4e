/** What a browser remembers: `local` for good, `session` as long as this tab lives. */
export type Shelf = 'local' | 'session'

/** Storage may be switched off; then nothing is remembered and nothing fails. */
export function read(shelf: Shelf, key: string): string | undefined {
  try {
    return storageOf(shelf).getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

/** Remembers, if the browser lets it. */
export function write(shelf: Shelf, key: string, value: string): void {
  try {
    storageOf(shelf).setItem(key, value)
  } catch {
    // As if there were no memory.
  }
}

function storageOf(shelf: Shelf): Storage {
  return shelf === 'local' ? localStorage : sessionStorage
}
