import type { ComponentChildren, VNode } from 'preact'
import mark from './icon.svg'
import { Icon } from './icon.js'
import { isDark, switchTheme } from './theme.js'
import { say, switchLanguage } from '../i18n/say.js'
import './top-bar.css'

/** The name of the house, where one is, and the two switches of every page. */
export function TopBar({ place, children }: { place: ComponentChildren; children?: ComponentChildren }): VNode {
  return (
    <header class="top-bar">
      <a class="brand" href="/" aria-label="Crossroom">
        <img src={mark} alt="" width="28" height="28" />
        <span>Crossroom</span>
      </a>
      <span class="place">{place}</span>
      <span class="stretch" />
      {children}
      <LookSwitches />
    </header>
  )
}

/** Light or dark, English or Chinese. */
export function LookSwitches(): VNode {
  const toTheme = say(isDark() ? 'lightColours' : 'darkColours')
  return (
    <>
      <button type="button" class="bare" title={toTheme} aria-label={toTheme} onClick={switchTheme}>
        <Icon name={isDark() ? 'sun' : 'moon'} />
      </button>
      <button type="button" class="quiet" aria-label={say('otherLanguageLabel')} onClick={switchLanguage}>
        {say('otherLanguage')}
      </button>
    </>
  )
}
