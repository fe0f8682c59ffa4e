import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { Icon, type IconName } from './icon.js'
import { say } from '../i18n/say.js'
import { initialsOf, shadeOf } from '../pages/room/identity.js'
import type { Person } from '../pages/room/people.js'
import type { RoomModel } from '../pages/room/room-model.js'
import { Dialog } from './dialog.js'
import { NetworkBars } from './network-bars.js'
import { PersonIcon } from './person-icon.js'
import './people-list.css'

/** The members, their devices, and the owner's controls. */
export function PeopleList({ model }: { model: RoomModel }): VNode {
  const people = model.people.value
  const audience = model.audienceCount.value
  return (
    <div class="people">
      <MicRequests model={model} />
      <ul class="people-list" aria-label={say('people')}>
        {people.map((person) => (
          <PersonRow key={person.userId} model={model} person={person} />
        ))}
      </ul>
      <MadeAudience model={model} />
      {audience > 0 ? (
        <p class="people-audience">
          <Icon name="eye" />
          {say('watching', { count: audience })}
        </p>
      ) : null}
    </div>
  )
}

/** The way back for people whom the owner made audience. */
function MadeAudience({ model }: { model: RoomModel }): VNode | null {
  const people = model.mic.madeAudience.value
  if (!model.isOwner.value || people.length === 0) return null
  return (
    <ul class="people-list" aria-label={say('audience')}>
      {people.map(({ userId, name }) => (
        <li key={userId} class="person">
          <Icon name="eye" />
          <span class="person-name">{name}</span>
          <button type="button" class="small" onClick={() => void model.mic.offer(userId)}>
            {say('offerMic')}
            <span class="unseen"> {name}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

/** Requests to speak, and to be heard or seen again; only the owner gets them. */
export function MicRequests({ model }: { model: RoomModel }): VNode | null {
  const requests = model.mic.requests.value
  const pleas = model.mic.pleas.value
  if (requests.length === 0 && pleas.length === 0) return null
  return (
    <section class="mic-requests" aria-label={say('micRequests')}>
      <h3>{say('micRequests')}</h3>
      <ul>
        {pleas.map((plea) => (
          <li key={`${plea.userId} ${plea.kind}`}>
            <Icon name={plea.kind === 'audio' ? 'microphoneOff' : 'cameraOff'} />
            <span class="person-name">
              {say(plea.kind === 'audio' ? 'pleaAudio' : 'pleaVideo', { name: plea.name })}
            </span>
            <button type="button" class="small primary" onClick={() => void model.mic.answerPlea(plea, true)}>
              {say('accept')}
              <span class="unseen"> {plea.name}</span>
            </button>
            <button type="button" class="small" onClick={() => void model.mic.answerPlea(plea, false)}>
              {say('decline')}
              <span class="unseen"> {plea.name}</span>
            </button>
          </li>
        ))}
        {requests.map(({ userId, name }) => (
          <li key={userId}>
            <Icon name="hand" />
            <span class="person-name">{name}</span>
            <button type="button" class="small primary" onClick={() => void model.mic.answer(userId, true)}>
              {say('accept')}
              <span class="unseen"> {name}</span>
            </button>
            <button type="button" class="small" onClick={() => void model.mic.answer(userId, false)}>
              {say('decline')}
              <span class="unseen"> {name}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

function PersonRow({ model, person }: { model: RoomModel; person: Person }): VNode {
  return (
    <li class="person" data-user={person.userId}>
      <span class="person-face" data-shade={shadeOf(person.userId, 6)} aria-hidden="true">
        {initialsOf(person.name)}
      </span>
      <span class="person-words">
        <span class="person-name">{person.isSelf ? say('nameAndYou', { name: person.name }) : person.name}</span>
        <span class="person-about">
          <PersonIcon person={person} />
          {person.role === 'owner' ? <span class="person-owner">{say('owner')}</span> : null}
          {person.hasScreen ? <span>{say('sharesScreen')}</span> : null}
          <NetworkBars quality={model.quality.value.get(person.userId) ?? 0} />
        </span>
      </span>
      <PersonState person={person} />
      {model.isOwner.value && !person.isSelf ? <OwnersTools model={model} person={person} /> : null}
    </li>
  )
}

function PersonState({ person }: { person: Person }): VNode {
  return (
    <span class="person-state">
      <Icon name={person.hasSound ? 'microphone' : 'microphoneOff'} />
      <span class="unseen">{say(person.hasSound ? 'isHeard' : 'isMuted')}</span>
      <Icon name={person.hasPicture ? 'camera' : 'cameraOff'} />
      <span class="unseen">{say(person.hasPicture ? 'isSeen' : 'isHidden')}</span>
    </span>
  )
}

function OwnersTools({ model, person }: { model: RoomModel; person: Person }): VNode {
  const { userId, name } = person
  const isWithheld = model.withheld.value.has(`${userId} audio`)
  const [asks, setAsks] = useState(false)
  return (
    <span class="person-tools" role="group" aria-label={say('toolsFor', { name })}>
      <Tool
        icon={isWithheld ? 'sound' : 'soundOff'}
        label={say(isWithheld ? 'letSpeak' : 'muteThem', { name })}
        onUse={() => void model.mute(userId, 'audio', !isWithheld)}
      />
      {person.role === 'anchor' ? (
        <Tool icon="eye" label={say('makeAudience', { name })} onUse={() => void model.mic.remove(userId)} />
      ) : null}
      <Tool icon="remove" label={say('kick', { name })} onUse={() => setAsks(true)} />
      {asks ? (
        <Dialog title={say('kickTitle', { name })} onClose={() => setAsks(false)}>
          <p>{say('kickWords')}</p>
          <div class="dialog-actions">
            <button type="button" onClick={() => setAsks(false)}>
              {say('cancel')}
            </button>
            <button
              type="button"
              class="danger"
              onClick={() => {
                setAsks(false)
                void model.kick(userId)
              }}
            >
              {say('kickConfirm')}
            </button>
          </div>
        </Dialog>
      ) : null}
    </span>
  )
}

function Tool({ icon, label, onUse }: { icon: IconName; label: string; onUse: () => void }): VNode {
  return (
    <button type="button" class="bare" aria-label={label} title={label} onClick={onUse}>
      <Icon name={icon} />
    </button>
  )
}
