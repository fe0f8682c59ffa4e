import type { Support } from '@crossroom/client'
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { say } from '../language/say.js'
import { Banner } from '../parts/banner.js'
import { TopBar } from '../parts/top-bar.js'
import { NAME_CHARS, newRoomId, remembered, roomIdOf } from '../room/identity.js'
import type { RoomModel } from '../room/room-model.js'
import { DevicesCard, Preview } from './preview.js'
import './enter.css'

/** The way in: who, where, and how one looks before anybody sees it. */
export function Enter(props: {
  model: RoomModel
  support: Support
  invited: { roomId?: string; name?: string }
  onEnter: (name: string, roomId: string) => void
}): VNode {
  const { model, support, invited, onEnter } = props
  const phase = model.phase.value
  return (
    <>
      <TopBar place={say('call')} />
      <main class="enter">
        <Preview local={model.local} support={support} />
        <section class="enter-card" aria-labelledby="enter-title">
          <h1 id="enter-title">{say(invited.roomId === undefined ? 'enterTitle' : 'enterInvited')}</h1>
          <p class="enter-lead">{say('enterLead')}</p>
          <Obstacles support={support} />
          {phase.kind === 'outside' && phase.failure !== undefined ? (
            <Banner tone="bad">
              <p>{phase.failure}</p>
            </Banner>
          ) : null}
          <EnterForm isEntering={phase.kind === 'entering'} invited={invited} onEnter={onEnter} />
          <nav class="enter-others" aria-label={say('otherPages')}>
            <a href="/live">{say('pageLive')}</a>
            <a href="/monitor">{say('pageMonitor')}</a>
          </nav>
        </section>
        <DevicesCard local={model.local} client={model.client} />
      </main>
    </>
  )
}

function EnterForm(props: {
  isEntering: boolean
  invited: { roomId?: string; name?: string }
  onEnter: (name: string, roomId: string) => void
}): VNode {
  const { isEntering, invited, onEnter } = props
  const before = remembered()
  const [name, setName] = useState(invited.name ?? before.name)
  const [room, setRoom] = useState(invited.roomId ?? before.room)
  const [wrong, setWrong] = useState<'name' | 'room'>()
  const submit = (): void => {
    const roomId = roomIdOf(room)
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
      <TextField
        id="enter-room"
        label={say('room')}
        value={room}
        maxLength={64}
        autoComplete="off"
        error={wrong === 'room' ? say('roomWrong') : undefined}
        onInput={setRoom}
      />
      <div class="enter-actions">
        <button type="submit" class="primary enter-go" disabled={isEntering}>
          {say(isEntering ? 'entering' : 'enter')}
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
  error: string | undefined
  onInput: (value: string) => void
}): VNode {
  const { id, label, error, onInput, ...input } = props
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        {...input}
        autoCapitalize="off"
        spellcheck={false}
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : `${id}-error`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      {error === undefined ? null : (
        <p id={`${id}-error`} class="error">
          {error}
        </p>
      )}
    </div>
  )
}

/** Why not everything works here, before somebody tries. */
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
