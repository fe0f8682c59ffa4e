import { effect, signal } from '@preact/signals'
import { fill, preferredLanguage, rememberLanguage, tagOf, type Language, type Values } from './choice.js'
import { en } from './en.js'
import { zh } from './zh.js'

/** Names of texts, the same in every dictionary. */
export type Phrase = keyof typeof en

const DICTIONARIES: Readonly<Record<Language, Readonly<Record<Phrase, string>>>> = { en, zh }

/** The language that is spoken now. */
export const language = signal<Language>('en')

/** Chooses the language and keeps the document's own in step; called once by every page. */
export function startLanguage(): void {
  language.value = preferredLanguage()
  effect(() => {
    document.documentElement.lang = tagOf(language.value)
  })
}

/** The text in the current language; what shows it follows when the language changes. */
export function say(phrase: Phrase, values: Values = {}): string {
  return fill(DICTIONARIES[language.value][phrase], values)
}

/** Whether there is a text of this name, for names that come from elsewhere, like error codes. */
export function isPhrase(name: string): name is Phrase {
  return Object.hasOwn(en, name)
}

/** From English to Chinese and back. */
export function switchLanguage(): void {
  language.value = language.value === 'en' ? 'zh' : 'en'
  rememberLanguage(language.value)
}
