import { effect, signal } from '@preact/signals'
import { read, write } from './storage.js'

/** `system` follows what the system asks for. */
export type Theme = 'system' | 'light' | 'dark'

const STORED_AT = 'crossroom.theme'
const THEMES: readonly Theme[] = ['system', 'light', 'dark']

/** What this person chose in this browser. */
export const theme = signal<Theme>(THEMES.find((known) => known === read('local', STORED_AT)) ?? 'system')

const systemIsDark = signal(false)

/** Keeps the page in the chosen colours; called once by every page. */
export function startTheme(): void {
  const root = document.documentElement
  const system = matchMedia('(prefers-color-scheme: dark)')
  systemIsDark.value = system.matches
  system.addEventListener('change', () => (systemIsDark.value = system.matches))
  effect(() => {
    if (theme.value === 'system') delete root.dataset['theme']
    else root.dataset['theme'] = theme.value
  })
}

/** Switches to the other theme. */
export function switchTheme(): void {
  theme.value = isDark() ? 'light' : 'dark'
  write('local', STORED_AT, theme.value)
}

/** Whether dark colours are seen; what shows it follows. */
export function isDark(): boolean {
  return theme.value === 'dark' || (theme.value === 'system' && systemIsDark.value)
}
