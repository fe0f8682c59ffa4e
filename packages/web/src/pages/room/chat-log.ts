import { computed, signal } from '@preact/signals'
import type { Message } from '@crossroom/client'

/** One line of the chat. */
export interface ChatLine {
  readonly id: string
  readonly userId: string
  /** As the sender was called when it came; they may be gone since. */
  readonly name: string
  readonly text: string
  /** Unix milliseconds. */
  readonly atMs: number
  readonly isOwn: boolean
  /** Only for this person. */
  readonly isPrivate: boolean
}

/** A page that stays open for a day must not keep every word of it. */
const MOST_LINES = 500
/** 8 KiB of UTF-8 is the server's limit; no letter takes more than four bytes. */
export const MESSAGE_CHARS = 2000

/** The messages since this page entered the room. */
export class ChatLog {
  readonly #lines = signal<readonly ChatLine[]>([])
  readonly #seen = signal(0)
  readonly #total = signal(0)
  /** True while the chat is on the screen. */
  readonly #open = signal(false)

  readonly lines = computed(() => this.#lines.value)
  /** How many came while the chat was closed. */
  readonly unread = computed(() => (this.#open.value ? 0 : this.#total.value - this.#seen.value))

  /** Takes a message of the room; anything but text is not for people. */
  add(message: Message, name: string, isOwn: boolean): void {
    if (message.kind !== 'text' || typeof message.data !== 'string') return
    if (this.#lines.value.some(({ id }) => id === message.messageId)) return
    const line: ChatLine = {
      id: message.messageId,
      userId: message.from,
      name,
      text: message.data,
      atMs: message.at,
      isOwn,
      isPrivate: message.to !== null,
    }
    this.#lines.value = [...this.#lines.value, line].slice(-MOST_LINES)
    this.#total.value++
    if (isOwn || this.#open.value) this.#seen.value = this.#total.value
  }

  /** Sets whether the chat is visible. */
  setOpen(open: boolean): void {
    this.#open.value = open
    this.#seen.value = this.#total.value
  }

  clear(): void {
    this.#lines.value = []
    this.#seen.value = this.#total.value = 0
  }
}
