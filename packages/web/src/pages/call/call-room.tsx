import type { Support } from '@crossroom/client'
import type { VNode } from 'preact'
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { Icon } from '../../ui/icon.js'
import { say } from '../../i18n/say.js'
import { Banner } from '../../ui/banner.js'
import { Chat } from '../../ui/chat.js'
import { MicRequests, PeopleList } from '../../ui/people-list.js'
import { RecordingMark } from '../../ui/recording-mark.js'
import { RoomBanners } from '../../ui/room-banners.js'
import { GridStage, SpeakerStage } from '../../ui/stage.js'
import { useWakeLock } from '../../ui/wake-lock.js'
import type { RoomModel } from '../room/room-model.js'
import { CallDialogs } from './dialogs.js'
import { actionOf, takesLetters, type Action } from './shortcuts.js'
import { Toolbar } from './toolbar.js'
import { CallView } from './view.js'
import './call-room.css'

/** The call: pictures, panel, bar. */
export function CallRoom({ model, support }: { model: RoomModel; support: Support }): VNode {
  const view = useMemo(() => new CallView(model), [model])
  const canPublish = support.canPublish && model.maySend.value
  const canShare = support.screenShare && model.maySend.value
  const leave = (): void => {
    const isAlone = model.users.value.length === 0
    if (model.isOwner.value && !isAlone) view.dialog.value = 'leave'
    else void model.leave()
  }
  const isAlone = model.users.value.length === 0 && model.audienceCount.value === 0
  const main = useRef<HTMLElement>(null)
  const panel = view.panel.value
  // The focused element is gone: the entry page or the panel. Immediate, because a later effect would take the focus
  // from a newer choice.
  useLayoutEffect(() => {
    if (panel === undefined) main.current?.focus({ preventScroll: true })
  }, [panel])
  useWakeLock()
  useShortcuts(model, view, { canPublish, canShare })
  return (
    <div class="call">
      <CallHead model={model} view={view} />
      <main ref={main} class="call-main" tabIndex={-1}>
        <h1 class="unseen">{say('callIn', { room: model.self.value?.roomId ?? '' })}</h1>
        <RoomBanners model={model} />
        {model.local.screen.value === 'on' ? <SharingBanner model={model} /> : null}
        <div class="call-middle">
          <CallStage model={model} view={view} />
          {isAlone ? <Alone onInvite={() => (view.dialog.value = 'invite')} /> : null}
          <SidePanel model={model} view={view} />
        </div>
      </main>
      <Toolbar model={model} view={view} canPublish={canPublish} canShare={canShare} onLeave={leave} />
      <CallDialogs model={model} view={view} canShare={canShare} />
    </div>
  )
}

function CallHead({ model, view }: { model: RoomModel; view: CallView }): VNode {
  const count = model.people.value.length
  return (
    <header class="call-head">
      <span class="call-room">{model.self.value?.roomId}</span>
      <span class="call-count">
        <Icon name="people" />
        <span aria-label={say('peopleHere', { count })}>{count}</span>
      </span>
      {model.audienceCount.value > 0 ? (
        <span class="call-count">
          <Icon name="eye" />
          <span aria-label={say('watching', { count: model.audienceCount.value })}>{model.audienceCount.value}</span>
        </span>
      ) : null}
      <RecordingMark model={model} />
      <span class="stretch" />
      <button
        type="button"
        class="bare for-keyboards"
        aria-label={say('withKey', { what: say('shortcuts'), key: '?' })}
        title={say('withKey', { what: say('shortcuts'), key: '?' })}
        onClick={() => (view.dialog.value = 'shortcuts')}
      >
        <Icon name="keyboard" />
      </button>
    </header>
  )
}

/** Nobody else is here yet: what to do about it. */
function Alone({ onInvite }: { onInvite: () => void }): VNode {
  return (
    <div class="call-alone" role="status">
      <p>{say('alone')}</p>
      <button type="button" class="primary" onClick={onInvite}>
        <Icon name="invite" />
        {say('aloneInvite')}
      </button>
    </div>
  )
}

function CallStage({ model, view }: { model: RoomModel; view: CallView }): VNode {
  const pins = { pinned: view.pinned.value, toggle: (key: string) => view.togglePin(key) }
  if (view.layout.value === 'speaker') {
    return <SpeakerStage model={model} large={view.large.value} small={view.small.value} pins={pins} />
  }
  return (
    <GridStage
      model={model}
      tiles={model.tiles.value}
      page={view.page.value}
      onPage={(page) => (view.page.value = page)}
      pins={pins}
    />
  )
}

function SidePanel({ model, view }: { model: RoomModel; view: CallView }): VNode | null {
  const panel = view.panel.value
  if (panel === undefined) return <PanelRequests model={model} />
  return (
    <aside
      class="panel"
      aria-label={say(panel)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') view.panel.value = undefined
      }}
    >
      <div class="panel-head">
        <h2>{say(panel)}</h2>
        <button type="button" class="bare" aria-label={say('close')} onClick={() => (view.panel.value = undefined)}>
          <Icon name="close" />
        </button>
      </div>
      {panel === 'chat' ? <Chat model={model} takesFocus /> : <PeopleList model={model} />}
    </aside>
  )
}

/** Members who ask to speak appear with the panel closed too. */
function PanelRequests({ model }: { model: RoomModel }): VNode | null {
  if (model.mic.requests.value.length === 0 && model.mic.pleas.value.length === 0) return null
  return (
    <div class="call-requests">
      <MicRequests model={model} />
    </div>
  )
}

function SharingBanner({ model }: { model: RoomModel }): VNode {
  return (
    <div class="banners">
      <Banner tone="calm" icon="screen">
        <p>{say('youShare')}</p>
        <button type="button" class="small" onClick={() => void model.toggleScreen()}>
          {say('screenOff')}
        </button>
      </Banner>
    </div>
  )
}

function useShortcuts(model: RoomModel, view: CallView, can: { canPublish: boolean; canShare: boolean }): void {
  const { canPublish, canShare } = can
  // Before the bar is painted: users may press keys once they see it.
  useLayoutEffect(() => {
    const acts: Readonly<Record<Action, () => unknown>> = {
      microphone: () => canPublish && model.local.toggleMicrophone(),
      camera: () => canPublish && model.local.toggleCamera(),
      screen: () => canShare && model.toggleScreen(),
      layout: () => view.setLayout(view.layout.value === 'grid' ? 'speaker' : 'grid'),
      chat: () => view.togglePanel('chat'),
      people: () => view.togglePanel('people'),
      invite: () => (view.dialog.value = 'invite'),
      settings: () => (view.dialog.value = 'settings'),
      shortcuts: () => (view.dialog.value = 'shortcuts'),
    }
    const handleKey = (event: KeyboardEvent): void => {
      const action = actionOf(event, takesLetters(event.target) || view.dialog.value !== undefined)
      if (action === undefined) return
      event.preventDefault()
      acts[action]()
    }
    document.addEventListener('keydown', handleKey)
    return () => document.removeEventListener('keydown', handleKey)
  }, [model, view, canPublish, canShare])
}
