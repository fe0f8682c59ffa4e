import type { VNode } from 'preact'
import { ToolButton, ToolRow } from '../../ui/tool-button.js'
import type { RoomModel } from '../room/room-model.js'
import type { CallView } from './view.js'
import './toolbar.css'

/** The controls of a call. On a phone rare ones are behind one button. */
export function Toolbar(props: {
  model: RoomModel
  view: CallView
  canPublish: boolean
  canShare: boolean
  onLeave: () => void
}): VNode {
  const { model, view, canPublish, canShare, onLeave } = props
  return (
    <footer>
      <ToolRow className="toolbar">
        <SendingTools model={model} canPublish={canPublish} canShare={canShare} />
        {model.self.value?.role === 'audience' ? (
          <ToolButton
            icon="hand"
            phrase={model.mic.isAsking.value ? 'handDown' : 'handUp'}
            word="handWord"
            isOn={model.mic.isAsking.value}
            onUse={() => void (model.mic.isAsking.value ? model.mic.withdraw() : model.mic.ask())}
          />
        ) : null}
        <LookingTools model={model} view={view} />
        <ToolButton icon="more" phrase="more" className="for-phones" onUse={() => (view.dialog.value = 'more')} />
        <ToolButton icon="leave" phrase="leave" className="danger" onUse={onLeave} />
      </ToolRow>
    </footer>
  )
}

function SendingTools(props: { model: RoomModel; canPublish: boolean; canShare: boolean }): VNode {
  const { model, canPublish, canShare } = props
  const { local } = model
  const isHeard = local.microphone.value === 'on'
  const isSeen = local.camera.value === 'on'
  const isShared = local.screen.value === 'on'
  return (
    <>
      <ToolButton
        icon={isHeard ? 'microphone' : 'microphoneOff'}
        phrase={isHeard ? 'microphoneOff' : 'microphoneOn'}
        word="microphoneWord"
        shortcut="M"
        isOff={!isHeard}
        disabled={!canPublish}
        onUse={() => void local.toggleMicrophone()}
      />
      <ToolButton
        icon={isSeen ? 'camera' : 'cameraOff'}
        phrase={isSeen ? 'cameraOff' : 'cameraOn'}
        word="cameraWord"
        shortcut="V"
        isOff={!isSeen}
        disabled={!canPublish}
        onUse={() => void local.toggleCamera()}
      />
      {canShare ? (
        <ToolButton
          icon={isShared ? 'screenOff' : 'screen'}
          phrase={isShared ? 'screenOff' : 'screenOn'}
          word="screenWord"
          shortcut="S"
          isOn={isShared}
          className="for-computers"
          onUse={() => void model.toggleScreen()}
        />
      ) : null}
    </>
  )
}

function LookingTools({ model, view }: { model: RoomModel; view: CallView }): VNode {
  const isGrid = view.layout.value === 'grid'
  const panel = view.panel.value
  return (
    <>
      <ToolButton
        icon={isGrid ? 'speakerView' : 'grid'}
        phrase={isGrid ? 'showSpeaker' : 'showGrid'}
        word="layoutWord"
        shortcut="G"
        className="for-computers"
        onUse={() => view.setLayout(isGrid ? 'speaker' : 'grid')}
      />
      <ToolButton
        icon="people"
        phrase={panel === 'people' ? 'closePeople' : 'people'}
        word="people"
        shortcut="P"
        isOn={panel === 'people'}
        count={model.mic.requests.value.length + model.mic.pleas.value.length}
        className="for-computers"
        onUse={() => view.togglePanel('people')}
      />
      <ToolButton
        icon="chat"
        phrase={panel === 'chat' ? 'closeChat' : 'chat'}
        word="chat"
        shortcut="C"
        isOn={panel === 'chat'}
        count={model.chat.unread.value}
        onUse={() => view.togglePanel('chat')}
      />
      <ToolButton
        icon="invite"
        phrase="invite"
        shortcut="I"
        className="for-computers"
        onUse={() => (view.dialog.value = 'invite')}
      />
      <ToolButton
        icon="settings"
        phrase="settings"
        shortcut="O"
        className="for-computers"
        onUse={() => (view.dialog.value = 'settings')}
      />
    </>
  )
}
