import type { ComponentChildren, VNode } from 'preact'
import { Icon, type IconName } from './icon.js'
import type { Notices } from '../pages/room/notices.js'
import { say } from '../i18n/say.js'
import './banner.css'

/** A sentence that stays until its cause is gone, with what can be done about it. */
export function Banner(props: {
  tone?: 'calm' | 'warn' | 'bad'
  icon?: IconName
  spins?: boolean
  children: ComponentChildren
}): VNode {
  const { tone = 'warn', icon = 'warning', spins = false, children } = props
  return (
    <div class={`banner ${tone}`} role={tone === 'bad' ? 'alert' : 'status'}>
      {spins ? <span class="spinner" aria-hidden="true" /> : <Icon name={icon} />}
      <div class="banner-words">{children}</div>
    </div>
  )
}

/** What just happened. Always there, so that screen readers listen to it. */
export function NoticeList({ notices }: { notices: Notices }): VNode {
  return (
    <div class="notices" role="status" aria-label={say('notices')}>
      {notices.list.value.map(({ id, text, isFailure }) => (
        <div key={id} class={isFailure ? 'notice bad' : 'notice'}>
          <span>{text}</span>
          <button type="button" class="bare" aria-label={say('dismiss')} onClick={() => notices.dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  )
}
