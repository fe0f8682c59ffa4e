import type { ComponentChildren, VNode } from 'preact'
import { Icon, type IconName } from './icon.js'
import { say, type Phrase } from '../i18n/say.js'
import './tool-button.css'

/** A row of buttons, through which the arrow keys lead as well (ARIA Authoring Practices, toolbar). */
export function ToolRow(props: { className: string; children: ComponentChildren }): VNode {
  return (
    <div class={props.className} role="toolbar" aria-label={say('controls')} onKeyDown={moveFocus}>
      {props.children}
    </div>
  )
}

function moveFocus(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
  if (step === undefined) return
  // Those that have no place on a phone are there and not seen.
  const buttons = [...event.currentTarget.querySelectorAll('button')].filter(
    (one) => one.offsetParent !== null && !one.disabled,
  )
  const now = buttons.findIndex((button) => button === document.activeElement)
  buttons[(now + step + buttons.length) % buttons.length]?.focus()
  event.preventDefault()
}

/** `phrase` says what it does now; `word` is what stands under the picture, when that is shorter. */
export function ToolButton(props: {
  icon: IconName
  phrase: Phrase
  word?: Phrase
  shortcut?: string
  isOff?: boolean
  isOn?: boolean
  count?: number
  disabled?: boolean
  className?: string
  onUse: () => void
}): VNode {
  const { icon, phrase, word = phrase, shortcut, isOff, isOn, count = 0, disabled = false, className = '' } = props
  const what = word === phrase ? say(phrase) : say('wordAndWhat', { word: say(word), what: say(phrase) })
  const label = shortcut === undefined ? what : say('withKey', { what, key: shortcut })
  return (
    <button
      type="button"
      class={`tool ${className}`}
      data-off={isOff}
      data-on={isOn}
      disabled={disabled}
      aria-label={count > 0 ? `${label}, ${say('newCount', { count })}` : label}
      title={label}
      onClick={props.onUse}
    >
      <span class="tool-icon" data-count={count > 99 ? '99+' : count}>
        <Icon name={icon} />
      </span>
      <span class="tool-word" aria-hidden="true">
        {say(word)}
      </span>
    </button>
  )
}
