import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { Icon } from './icon.js'
import { say } from '../i18n/say.js'
import './copy-line.css'

const COPIED_MS = 1_500

/** Something to be taken along: a name, the text, a button that copies it. */
export function CopyLine(props: { label: string; value: string; hint?: string }): VNode {
  const { label, value, hint } = props
  const [copied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    await copyText(value)
    setCopied(true)
    setTimeout(() => setCopied(false), COPIED_MS)
  }
  return (
    <div class="copy-line">
      <span class="copy-label">{label}</span>
      <div class="copy-row">
        {/* Focusable, so that the keyboard can scroll it. */}
        <code tabIndex={0} role="textbox" aria-readonly="true" aria-label={label}>
          {value}
        </code>
        <button type="button" class="small" aria-label={say('copyThis', { what: label })} onClick={() => void copy()}>
          <Icon name={copied ? 'check' : 'copy'} />
          <span role="status">{say(copied ? 'copied' : 'copy')}</span>
        </button>
      </div>
      {hint === undefined ? null : <p class="hint">{hint}</p>}
    </div>
  )
}

/** Pages over plain HTTP have no clipboard; selecting and the old command work there. */
async function copyText(value: string): Promise<void> {
  if (window.isSecureContext) return navigator.clipboard.writeText(value).catch(() => undefined)
  const area = document.createElement('textarea')
  area.value = value
  ;(document.querySelector('dialog[open]') ?? document.body).append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}
