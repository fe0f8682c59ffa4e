import { effect } from '@preact/signals'
import { isDark, startTheme, switchTheme } from '../../ui/theme.js'
import { byId } from './dom.js'
import { setLabel } from './texts.js'

/** The button between light and dark. */
export function addThemeSwitch(): void {
  const button = byId('theme', HTMLButtonElement)
  startTheme()
  button.addEventListener('click', switchTheme)
  effect(() => {
    document.documentElement.dataset['dark'] = String(isDark())
    setLabel(button, isDark() ? 'lightColours' : 'darkColours')
  })
}
