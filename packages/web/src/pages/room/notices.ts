import { signal } from '@preact/signals'
import { sentenceOf } from './failure.js'

/** A sentence that is shown for a moment. */
export interface Notice {
  readonly id: number
  readonly text: string
  readonly isFailure: boolean
}

const SHOWN_MS = 6_000
/** Older ones give way. */
const MOST = 3

/** What just happened, for people who look and for screen readers. */
export class Notices {
  readonly list = signal<readonly Notice[]>([])
  #lastId = 0

  show(text: string, isFailure = false): void {
    const id = ++this.#lastId
    const others = this.list.value.filter((notice) => notice.text !== text)
    this.list.value = [...others, { id, text, isFailure }].slice(-MOST)
    setTimeout(() => this.dismiss(id), SHOWN_MS)
  }

  dismiss(id: number): void {
    this.list.value = this.list.value.filter((notice) => notice.id !== id)
  }

  showFailure(error: unknown): void {
    this.show(sentenceOf(error), true)
  }

  /** Shows why it failed; never rejects. */
  async attempt(act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.showFailure(error)
    }
  }
}
