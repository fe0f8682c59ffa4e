import { read, write } from '../ui/storage.js'

export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]
/** What stands at the places of a text, by name. */
export type Values = Readonly<Record<string, string | number>>

const STORED_AT = 'crossroom.language'

/** The saved choice, otherwise the browser's language. */
export function preferredLanguage(): Language {
  const stored = LANGUAGES.find((known) => known === read('local', STORED_AT))
  if (stored !== undefined) return stored
  const asked = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag))
  return asked?.toLowerCase().startsWith('zh') === true ? 'zh' : 'en'
}

/** Remembers the choice in this browser. */
export function rememberLanguage(next: Language): void {
  write('local', STORED_AT, next)
}

/** The language as documents name it (BCP 47). */
export function tagOf(language: Language): string {
  return language === 'zh' ? 'zh-CN' : 'en'
}

/** Puts values at their places: `{name}`. */
export function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}
