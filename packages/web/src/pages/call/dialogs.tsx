import type { VNode } from 'preact'
import { Icon, type IconName } from '../../ui/icon.js'
import { say, type Phrase } from '../../i18n/say.js'
import { Dialog } from '../../ui/dialog.js'
import { InviteDialog } from '../../ui/invite-dialog.js'
import { SettingsDialog } from '../../ui/settings-dialog.js'
import type { RoomModel } from '../room/room-model.js'
import { SHORTCUTS } from './shortcuts.js'
import type { CallView } from './view.js'
import './dialogs.css'

/** The window that is open over the call, if any. */
export function CallDialogs(props: { model: RoomModel; view: CallView; canShare: boolean }): VNode | null {
  const { model, view, canShare } = props
  const close = (): void => {
    view.dialog.value = undefined
  }
  switch (view.dialog.value) {
    case 'invite':
      return <InviteDialog model={model} to="call" onClose={close} />
    case 'settings':
      return <SettingsDialog local={model.local} onClose={close} />
    case 'shortcuts':
      return <ShortcutsDialog onClose={close} />
    case 'leave':
      return <LeaveDialog model={model} onClose={close} />
    case 'more':
      return <MoreDialog model={model} view={view} canShare={canShare} onClose={close} />
    case undefined:
      return null
  }
}

function ShortcutsDialog({ onClose }: { onClose: () => void }): VNode {
  return (
    <Dialog title={say('shortcuts')} onClose={onClose}>
      <dl class="shortcuts">
        {SHORTCUTS.map(({ key, phrase }) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{say(phrase)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

/** Only an owner is asked: when others leave, nobody is affected. */
function LeaveDialog({ model, onClose }: { model: RoomModel; onClose: () => void }): VNode {
  return (
    <Dialog title={say('leaveTitle')} onClose={onClose}>
      <p>{say('leaveWords')}</p>
      <div class="dialog-actions">
        <button type="button" class="danger" onClick={() => void model.disband()}>
          {say('endForAll')}
        </button>
        <button type="button" class="primary" onClick={() => void model.leave()}>
          {say('leaveOnly')}
        </button>
      </div>
    </Dialog>
  )
}

/** Controls that do not fit into the bar of a phone. */
function MoreDialog(props: { model: RoomModel; view: CallView; canShare: boolean; onClose: () => void }): VNode {
  const { model, view, canShare, onClose } = props
  const isGrid = view.layout.value === 'grid'
  const then = (act: () => void) => () => {
    onClose()
    act()
  }
  return (
    <Dialog title={say('more')} onClose={onClose}>
      <div class="more-list">
        <MoreLine icon="people" phrase="people" onUse={then(() => view.togglePanel('people'))} />
        <MoreLine
          icon={isGrid ? 'speakerView' : 'grid'}
          phrase={isGrid ? 'showSpeaker' : 'showGrid'}
          onUse={then(() => view.setLayout(isGrid ? 'speaker' : 'grid'))}
        />
        {canShare ? (
          <MoreLine
            icon="screen"
            phrase={model.local.screen.value === 'on' ? 'screenOff' : 'screenOn'}
            onUse={then(() => void model.toggleScreen())}
          />
        ) : null}
        <MoreLine icon="invite" phrase="invite" onUse={then(() => (view.dialog.value = 'invite'))} />
        <MoreLine icon="settings" phrase="settings" onUse={then(() => (view.dialog.value = 'settings'))} />
      </div>
    </Dialog>
  )
}

function MoreLine({ icon, phrase, onUse }: { icon: IconName; phrase: Phrase; onUse: () => void }): VNode {
  return (
    <button type="button" class="quiet" onClick={onUse}>
      <Icon name={icon} />
      {say(phrase)}
    </button>
  )
}
