import type { ComponentChildren, VNode } from 'preact'
import { say, type Phrase } from '../../i18n/say.js'

/** Figures in a row; `at` is what tests and styles know one by. */
export function Facts({ children }: { children: ComponentChildren }): VNode {
  return <dl class="facts">{children}</dl>
}

export function Fact(props: {
  name: Phrase
  data: Readonly<Record<string, string>>
  value: string
  children?: ComponentChildren
}): VNode {
  const { name, data, value, children } = props
  return (
    <div>
      <dt>
        {say(name)}
        {children}
      </dt>
      <dd {...data}>{value}</dd>
    </div>
  )
}

/** More about the figures, in small. */
export function Parts({ parts }: { parts: readonly string[] }): VNode {
  return (
    <ul class="parts">
      {parts.map((part) => (
        <li key={part}>{part}</li>
      ))}
    </ul>
  )
}

/** What lies on a stage while nothing is seen there. */
export function StageNotice(props: { id: string; main: string; more: string; children?: ComponentChildren }): VNode {
  const { id, main, more, children } = props
  return (
    <div class="stage-notice" role="status" aria-live="polite">
      <span class="spinner" aria-hidden="true" />
      <p id={id}>{main}</p>
      <p id={`${id}-more`} class="more">
        {more}
      </p>
      {children}
    </div>
  )
}
