import type { Phrase } from '../../i18n/say.js'

export type Action =
  'microphone' | 'camera' | 'screen' | 'layout' | 'chat' | 'people' | 'invite' | 'settings' | 'shortcuts'

/** Keys of the call, as the page's own list of them shows them. */
export const SHORTCUTS: readonly { readonly key: string; readonly action: Action; readonly phrase: Phrase }[] = [
  { key: 'M', action: 'microphone', phrase: 'keyMicrophone' },
  { key: 'V', action: 'camera', phrase: 'keyCamera' },
  { key: 'S', action: 'screen', phrase: 'keyScreen' },
  { key: 'G', action: 'layout', phrase: 'keyLayout' },
  { key: 'C', action: 'chat', phrase: 'keyChat' },
  { key: 'P', action: 'people', phrase: 'keyPeople' },
  { key: 'I', action: 'invite', phrase: 'keyInvite' },
  { key: 'O', action: 'settings', phrase: 'keySettings' },
  { key: '?', action: 'shortcuts', phrase: 'keyShortcuts' },
]

/** A key that was pressed, as far as shortcuts go. */
export interface PressedKey {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
  readonly repeat: boolean
}

/** What a key asks for; undefined for keys of the browser and of people who write something. */
export function actionOf(pressed: PressedKey, isTyping: boolean): Action | undefined {
  if (isTyping || pressed.repeat || pressed.ctrlKey || pressed.metaKey || pressed.altKey) return undefined
  const key = pressed.key.toUpperCase()
  return SHORTCUTS.find((shortcut) => shortcut.key === key)?.action
}

/** Whether the user types into this element or selects in it by letters. */
export function takesLetters(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return target.type !== 'range' && target.type !== 'checkbox'
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}
