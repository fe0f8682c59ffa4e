import type { Support } from '@crossroom/client'
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { Icon } from '../../ui/icon.js'
import { say } from '../../i18n/say.js'
import { Banner } from '../../ui/banner.js'
import { Chat } from '../../ui/chat.js'
import { InviteDialog } from '../../ui/invite-dialog.js'
import { MicRequests } from '../../ui/people-list.js'
import { RecordingMark } from '../../ui/recording-mark.js'
import { RoomBanners } from '../../ui/room-banners.js'
import { SettingsDialog } from '../../ui/settings-dialog.js'
import { SpeakerStage } from '../../ui/stage.js'
import { ToolButton, ToolRow } from '../../ui/tool-button.js'
import { TopBar } from '../../ui/top-bar.js'
import { useWakeLock } from '../../ui/wake-lock.js'
import { NAME_CHARS } from '../room/identity.js'
import type { LiveModel } from './live-model.js'
import './live-room.css'

/** The live page of a room: the picture, the chat beside it, and the way onto the stage. */
export function LiveRoom({ model, support }: { model: LiveModel; support: Support }): VNode {
  const { room } = model
  const [dialog, setDialog] = useState<'invite' | 'settings'>()
  useWakeLock()
  return (
    <>
      <TopBar place={model.roomId} />
      <main class="live">
        <section class="live-show" aria-label={say('livePicture')}>
          <RoomBanners model={room} />
          <StageOffer model={model} />
          <Show model={model} />
          <div class="live-foot">
            <LiveFacts model={model} />
            <LiveTools model={model} support={support} onDialog={setDialog} />
          </div>
        </section>
        <aside class="live-side" aria-label={say('chat')}>
          <h2>{say('chat')}</h2>
          <MicRequests model={room} />
          <Chat model={room} />
          {model.name.value === '' ? <NameForm model={model} /> : null}
        </aside>
      </main>
      {dialog === 'invite' ? <InviteDialog model={room} to="live" onClose={() => setDialog(undefined)} /> : null}
      {dialog === 'settings' ? <SettingsDialog local={room.local} onClose={() => setDialog(undefined)} /> : null}
    </>
  )
}

function Show({ model }: { model: LiveModel }): VNode {
  const { room } = model
  const phase = room.phase.value
  if (phase.kind === 'inside') {
    const [large, ...small] = model.tiles.value
    if (large === undefined) return <Empty />
    return <SpeakerStage model={room} large={large} small={small} />
  }
  if (phase.kind === 'outside' && phase.failure === undefined) return <WayIn model={model} />
  return (
    <div class="live-empty">
      {phase.kind === 'entering' ? (
        <>
          <span class="spinner" aria-hidden="true" />
          <p role="status">{say('watchLoading')}</p>
        </>
      ) : (
        <>
          <Banner tone="bad">
            <p>{phase.kind === 'outside' ? phase.failure : phase.kind === 'out' ? phase.message : say('leftTitle')}</p>
          </Banner>
          <button type="button" class="primary" onClick={() => void model.watch()}>
            {say('enterAgain')}
          </button>
        </>
      )}
    </div>
  )
}

/** A link that says who comes: nothing is entered before the click. */
function WayIn({ model }: { model: LiveModel }): VNode {
  return (
    <div class="live-empty">
      <Icon name="live" />
      <p class="live-empty-main">{say('enterInvited', { room: model.roomId })}</p>
      <button type="button" class="primary" onClick={() => void model.watch()}>
        {say('watchAs', { room: model.roomId, name: model.guest })}
      </button>
    </div>
  )
}

/** The host has put this page onto the stage, and the person has not said yes yet. */
function StageOffer({ model }: { model: LiveModel }): VNode | null {
  if (!model.isCalled.value) return null
  return (
    <Banner tone="calm" icon="hand">
      <p>{say('stageOffered')}</p>
      <button type="button" class="small primary" onClick={() => model.agree()}>
        {say('stageAgree')}
      </button>
      <button type="button" class="small" onClick={() => void model.stop()}>
        {say('decline')}
      </button>
    </Banner>
  )
}

function Empty(): VNode {
  return (
    <div class="live-empty">
      <Icon name="live" />
      <p class="live-empty-main">{say('nobodyLive')}</p>
      <p>{say('nobodyLiveHow')}</p>
    </div>
  )
}

function LiveFacts({ model }: { model: LiveModel }): VNode {
  const { room } = model
  const isOn = model.tiles.value.length > 0
  return (
    <div class="live-facts">
      <h1>{model.roomId}</h1>
      <p>
        {isOn ? <span class="live-badge">{say('liveNow')}</span> : null}
        <span class="live-count">
          <Icon name="eye" />
          {say('watching', { count: room.audienceCount.value })}
        </span>
        <RecordingMark model={room} />
      </p>
    </div>
  )
}

function LiveTools(props: {
  model: LiveModel
  support: Support
  onDialog: (dialog: 'invite' | 'settings') => void
}): VNode {
  const { model, support, onDialog } = props
  const { room } = model
  const isInside = room.phase.value.kind === 'inside'
  return (
    <ToolRow className="live-tools">
      {model.part.value === 'watching' ? (
        <WayOntoStage model={model} disabled={!isInside || !support.canPublish} />
      ) : (
        <StageTools model={model} support={support} />
      )}
      <ToolButton icon="settings" phrase="settings" onUse={() => onDialog('settings')} />
      <ToolButton icon="invite" phrase="invite" disabled={!isInside} onUse={() => onDialog('invite')} />
      {model.part.value === 'watching' ? null : (
        <ToolButton
          icon="leave"
          phrase={model.part.value === 'host' ? 'stopLive' : 'stopJoining'}
          className="danger"
          onUse={() => void model.stop()}
        />
      )}
    </ToolRow>
  )
}

/** If nobody is live, offer to start; otherwise offer to join in. */
function WayOntoStage({ model, disabled }: { model: LiveModel; disabled: boolean }): VNode {
  const { room } = model
  if (!model.isLive.value) {
    return (
      <button type="button" class="primary" disabled={disabled} onClick={() => void model.goLive()}>
        <Icon name="live" />
        {say('goLive')}
      </button>
    )
  }
  const isAsking = room.mic.isAsking.value
  return (
    <button
      type="button"
      class={isAsking ? '' : 'primary'}
      disabled={disabled}
      onClick={() => void (isAsking ? room.mic.withdraw() : model.askForStage())}
    >
      <Icon name="hand" />
      {say(isAsking ? 'asking' : 'joinIn')}
    </button>
  )
}

function StageTools({ model, support }: { model: LiveModel; support: Support }): VNode {
  const { room } = model
  const { local } = room
  const isHeard = local.microphone.value === 'on'
  const isSeen = local.camera.value === 'on'
  const isShared = local.screen.value === 'on'
  return (
    <>
      <ToolButton
        icon={isHeard ? 'microphone' : 'microphoneOff'}
        phrase={isHeard ? 'microphoneOff' : 'microphoneOn'}
        word="microphoneWord"
        isOff={!isHeard}
        onUse={() => void local.toggleMicrophone()}
      />
      <ToolButton
        icon={isSeen ? 'camera' : 'cameraOff'}
        phrase={isSeen ? 'cameraOff' : 'cameraOn'}
        word="cameraWord"
        isOff={!isSeen}
        onUse={() => void local.toggleCamera()}
      />
      {support.screenShare ? (
        <ToolButton
          icon={isShared ? 'screenOff' : 'screen'}
          phrase={isShared ? 'screenOff' : 'screenOn'}
          word="screenWord"
          isOn={isShared}
          onUse={() => void room.toggleScreen()}
        />
      ) : null}
    </>
  )
}

/** Writing and joining in require a name. */
function NameForm({ model }: { model: LiveModel }): VNode {
  const [name, setName] = useState('')
  return (
    <form
      class="live-name"
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() !== '') void model.setName(name.trim())
      }}
    >
      <label for="live-name">{say('whatName')}</label>
      <div>
        <input
          id="live-name"
          autoComplete="nickname"
          maxLength={NAME_CHARS}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" disabled={name.trim() === ''}>
          {say('goOn')}
        </button>
      </div>
    </form>
  )
}
