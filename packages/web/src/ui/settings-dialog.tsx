import type { VNode } from 'preact'
import { say } from '../i18n/say.js'
import type { LocalMedia } from '../pages/room/local-media.js'
import { Beauty } from './beauty.js'
import { DeviceSelect } from './device-select.js'
import { Dialog } from './dialog.js'
import { LookSwitches } from './top-bar.js'

/** Devices, beauty and the looks of the page, during a call. */
export function SettingsDialog({ local, onClose }: { local: LocalMedia; onClose: () => void }): VNode {
  return (
    <Dialog title={say('settings')} onClose={onClose}>
      <DeviceSelect local={local} kind="camera" />
      <DeviceSelect local={local} kind="microphone" />
      <DeviceSelect local={local} kind="speaker" />
      {local.failure.value === undefined ? null : <p class="error">{local.failure.value}</p>}
      <Beauty local={local} />
      <div class="dialog-actions">
        <LookSwitches />
      </div>
    </Dialog>
  )
}
