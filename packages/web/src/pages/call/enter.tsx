import type { Support } from '@crossroom/client'
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { say } from '../../i18n/say.js'
import { Banner } from '../../ui/banner.js'
import { SettingsDialog } from '../../ui/settings-dialog.js'
import { TopBar } from '../../ui/top-bar.js'
import { NAME_CHARS, newRoomId, remembered, roomIdOf } from '../room/identity.js'
import { pageFacts } from '../room/page-facts.js'
import type { RoomModel } from '../room/room-model.js'
import { DevicesCard, Preview } from './preview.js'
import './enter.css'

/** Whom a link invites where; a part that is absent is asked for. */
export interface Invitation {
  readonly roomId?: string
  readonly name?: string
  /** The link fixes the user: another name would belong to another user. */
  readonly isPersonal: boolean
  /** The link admits anyone to this one room, under a typed name. */
  readonly isGuest?: boolean
}

/** The entry page: the room, the name, and a preview before joining. Only a click on it enters a room. */
export function Enter(props: {
  model: RoomModel
  support: Support
  invited: Invitation
  onEnter: (name: string, roomId: string) => void
}): VNode {
  const { model, support, invited, onEnter } = props
  const phase = model.phase.value
  const [asksName, setAsksName] = useState(false)
  const [showsSettings, setShowsSettings] = useState(false)
  const isEntering = phase.kind === 'entering'
  const { roomId, name } = invited
  return (
    <>
      <TopBar place={say('call')} />
      <main class="enter">
        <Preview local={model.local} support={support} onSettings={() => setShowsSettings(true)} />
        <section class="enter-card" aria-labelledby="enter-title">
          <h1 id="enter-title">{roomId === undefined ? say('enterTitle') : say('enterInvited', { room: roomId })}</h1>
          <p class="enter-lead">{say(roomId === undefined ? 'enterLead' : 'enterUnseen')}</p>
          <Obstacles support={support} />
          {phase.kind === 'outside' && phase.failure !== undefined ? (
            <Banner tone="bad">
              <p>{phase.failure}</p>
            </Banner>
          ) : null}
          {roomId !== undefined && name !== undefined && !asksName ? (
            <div class="enter-actions">
              <button
                type="button"
                class="primary enter-go"
                disabled={isEntering}
                onClick={() => onEnter(name, roomId)}
              >
                {isEntering ? say('entering') : say('joinAs', { room: roomId, name })}
              </button>
              {invited.isPersonal ? null : (
                <button type="button" onClick={() => setAsksName(true)}>
                  {say('otherName')}
                </button>
              )}
            </div>
          ) : (
            <EnterForm isEntering={isEntering} invited={invited} onEnter={onEnter} />
          )}
          <nav class="enter-others" aria-label={say('otherPages')}>
            <a href="/live">{say('pageLive')}</a>
            <a href="/monitor">{say('pageMonitor')}</a>
          </nav>
        </section>
        <DevicesCard local={model.local} client={model.client} />
      </main>
      {showsSettings ? <SettingsDialog local={model.local} onClose={() => setShowsSettings(false)} /> : null}
    </>
  )
}

function EnterForm(props: {
  isEntering: boolean
  invited: Invitation
  onEnter: (name: string, roomId: string) => void
}): VNode {
  const { isEntering, invited, onEnter } = props
  const before = remembered()
  const isGuest = invited.isGuest === true && invited.roomId !== undefined
  const [name, setName] = useState(invited.name ?? before.name)
  const [typedRoom, setRoom] = useState<string | undefined>(invited.roomId)
  const [wrong, setWrong] = useState<'name' | 'room'>()
  const demoRoom = pageFacts.value?.demoRoom
  // Until the user types: the demo's room with its participant, otherwise the last room.
  const room = typedRoom ?? demoRoom ?? before.room
  const submit = (): void => {
    const roomId = room.trim() === '' ? newRoomId() : roomIdOf(room)
    if (name.trim() === '') return setWrong('name')
    if (roomId === undefined) return setWrong('room')
    setWrong(undefined)
    onEnter(name.trim(), roomId)
  }
  useEffect(() => {
    if (wrong !== undefined) document.getElementById(`enter-${wrong}`)?.focus()
  }, [wrong])
  return (
    <form
      class="enter-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <TextField
        id="enter-name"
        label={say('yourName')}
        value={name}
        maxLength={NAME_CHARS}
        autoComplete="nickname"
        error={wrong === 'name' ? say('nameMissing') : undefined}
        onInput={setName}
      />
      {isGuest ? null : (
        <TextField
          id="enter-room"
          label={say('room')}
          value={room}
          maxLength={64}
          autoComplete="off"
          hint={room === demoRoom && demoRoom !== undefined ? say('roomDemo') : say('roomEmpty')}
          error={wrong === 'room' ? say('roomWrong') : undefined}
          onInput={setRoom}
        />
      )}
      <div class="enter-actions">
        <button type="submit" class="primary enter-go" disabled={isEntering}>
          {isEntering
            ? say('entering')
            : isGuest && name.trim() !== ''
              ? say('joinAs', { room, name: name.trim() })
              : say('enter')}
        </button>
        {invited.roomId === undefined ? (
          <button type="button" onClick={() => setRoom(newRoomId())}>
            {say('newRoom')}
          </button>
        ) : null}
      </div>
    </form>
  )
}

function TextField(props: {
  id: string
  label: string
  value: string
  maxLength: number
  autoComplete: 'nickname' | 'off'
  hint?: string
  error: string | undefined
  onInput: (value: string) => void
}): VNode {
  const { id, label, hint, error, onInput, ...input } = props
  const about = error === undefined ? (hint === undefined ? undefined : `${id}-hint`) : `${id}-error`
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        {...input}
        autoCapitalize="off"
        spellcheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={about}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {error !== undefined || hint === undefined ? null : (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      {error === undefined ? null : (
        <p id={`${id}-error`} class="error">
          {error}
        </p>
      )}
    </div>
  )
}

/** Why some features do not work here, before the user tries. */
function Obstacles({ support }: { support: Support }): VNode | null {
  if (!support.secureContext) {
    const { host } = location
    return (
      <Banner>
        <p>{say('insecure')}</p>
        <p>{say('insecureHow', { address: `https://${host}` })}</p>
      </Banner>
    )
  }
  if (!support.canPlay) {
    return (
      <Banner tone="bad">
        <p>{say('cannotPlay')}</p>
      </Banner>
    )
  }
  if (!support.canPublish) {
    return (
      <Banner>
        <p>{say('cannotPublish')}</p>
      </Banner>
    )
  }
  return null
}
