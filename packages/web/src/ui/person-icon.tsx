import type { VNode } from 'preact'
import { Icon, type IconName } from './icon.js'
import { say, type Phrase } from '../i18n/say.js'
import type { Person, PersonKind } from '../pages/room/people.js'

const KINDS: Readonly<Record<PersonKind, readonly [IconName, Phrase]>> = {
  browser: ['browser', 'kindBrowser'],
  miniprogram: ['miniprogram', 'kindMiniProgram'],
  device: ['device', 'kindDevice'],
}

/** By the kind of participant. */
export function PersonIcon({ person }: { person: Person }): VNode {
  const [icon, phrase] = KINDS[person.kind]
  return (
    <span class="person-icon" title={say(phrase)}>
      <Icon name={icon} />
      <span class="unseen">{say(phrase)}</span>
    </span>
  )
}
