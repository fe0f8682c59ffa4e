import type { EngineChange } from './engine.js'

/** What a watch has told, so that telling all again after a loss tells changes only, and deletions that nobody saw. */
export class ToldKeys {
  readonly #revisions = new Map<string, number>()

  /** False for what was told, for older values, and for the deletion of what was never told. Otherwise it counts as told. */
  isNews(change: EngineChange): boolean {
    const key = change.kind === 'put' ? change.entry.key : change.key
    const revision = change.kind === 'put' ? change.entry.revision : change.revision
    const known = this.#revisions.get(key)
    if (change.kind === 'put') {
      if (known !== undefined && known >= revision) return false
      this.#revisions.set(key, revision)
      return true
    }
    if (known === undefined || known > revision) return false
    return this.#revisions.delete(key)
  }

  /** What was told and is not among these keys, with its revision. */
  without(keys: Iterable<string>): [key: string, revision: number][] {
    const there = new Set(keys)
    return [...this.#revisions].filter(([key]) => !there.has(key))
  }
}
