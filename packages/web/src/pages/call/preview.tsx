import type { Support } from '@crossroom/client'
import type { Signal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Icon } from '../../ui/icon.js'
import { say, type Phrase } from '../../i18n/say.js'
import { Beauty } from '../../ui/beauty.js'
import { DeviceSelect } from '../../ui/device-select.js'
import { SoundMeter } from '../../ui/sound-meter.js'
import type { RoomClient } from '../room/client.js'
import type { LocalMedia } from '../room/local-media.js'
import { playTone } from '../room/sound.js'

/** A preview before joining: only after a click, because no page opens a device on its own. */
export function Preview(props: { local: LocalMedia; support: Support; onSettings: () => void }): VNode {
  const { local, support, onSettings } = props
  return (
    <section class="preview" aria-label={say('preview')}>
      <PreviewPicture local={local} canPublish={support.canPublish} onSettings={onSettings} />
      {local.failure.value === undefined ? null : (
        <p class="error" role="alert">
          {local.failure.value}
        </p>
      )}
    </section>
  )
}

/** How one sounds, and by which devices; browsers name none before they were allowed. */
export function DevicesCard({ local, client }: { local: LocalMedia; client: RoomClient }): VNode | null {
  if (!local.wasOpened.value) return null
  const isHeard = local.microphone.value === 'on'
  return (
    <section class="devices" aria-label={say('devices')}>
      <SoundMeter track={isHeard ? client.getLocalTrack('audio') : undefined} />
      <div class="devices-choice">
        <DeviceSelect local={local} kind="camera" />
        <DeviceSelect local={local} kind="microphone" />
        <div class="devices-speaker">
          <DeviceSelect local={local} kind="speaker" />
          <button
            type="button"
            aria-label={say('testSpeaker')}
            title={say('testSpeaker')}
            onClick={() => void playTone(local.devices.chosen.speaker.value)}
          >
            <Icon name="sound" />
          </button>
        </div>
      </div>
      {local.camera.value === 'on' ? <Beauty local={local} /> : null}
    </section>
  )
}

function PreviewPicture(props: { local: LocalMedia; canPublish: boolean; onSettings: () => void }): VNode {
  const { local, canPublish, onSettings } = props
  const view = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = view.current
    if (element === null) return
    local.showIn(element)
    return () => local.hideFrom(element)
  }, [local])
  const camera = local.camera.value
  const isIdle = canPublish && !local.wasOpened.value
  return (
    <div class="preview-picture" data-camera={camera}>
      <div ref={view} class="tile-picture" />
      {camera === 'on' ? null : (
        <div class="preview-off">
          <Icon name={isIdle && local.requested.camera.value ? 'camera' : 'cameraOff'} />
          {isIdle ? (
            <>
              <p>{say('previewIdle')}</p>
              <button type="button" class="preview-open" onClick={() => void local.open()}>
                {say('previewOpen')}
              </button>
            </>
          ) : (
            <p>{say(camera === 'starting' ? 'cameraStarts' : 'cameraIsOff')}</p>
          )}
        </div>
      )}
      <div class="preview-switches">
        <PreviewSwitch
          names={MICROPHONE}
          isOn={local.microphone.value === 'on'}
          isOff={local.microphone.value === 'off'}
          requested={isIdle ? local.requested.microphone : undefined}
          disabled={!canPublish}
          onUse={() => void local.toggleMicrophone()}
        />
        <PreviewSwitch
          names={CAMERA}
          isOn={camera === 'on'}
          isOff={camera === 'off'}
          requested={isIdle ? local.requested.camera : undefined}
          disabled={!canPublish}
          onUse={() => void local.toggleCamera()}
        />
        {local.canFlip.value && camera === 'on' ? (
          <button
            type="button"
            class="round"
            aria-label={say('flipCamera')}
            title={say('flipCamera')}
            onClick={() => void local.flipCamera()}
          >
            <Icon name="flip" />
          </button>
        ) : null}
        <button
          type="button"
          class="round preview-settings"
          aria-label={say('settings')}
          title={say('settings')}
          onClick={onSettings}
        >
          <Icon name="settings" />
        </button>
      </div>
    </div>
  )
}

interface SwitchNames {
  readonly icons: readonly [on: 'microphone' | 'camera', off: 'microphoneOff' | 'cameraOff']
  readonly acts: readonly [turnOn: Phrase, turnOff: Phrase]
  /** Pressed: on from entering on. */
  readonly preferred: Phrase
}

const MICROPHONE: SwitchNames = {
  icons: ['microphone', 'microphoneOff'],
  acts: ['microphoneOn', 'microphoneOff'],
  preferred: 'enterHeard',
}
const CAMERA: SwitchNames = {
  icons: ['camera', 'cameraOff'],
  acts: ['cameraOn', 'cameraOff'],
  preferred: 'enterSeen',
}

/** Before a device is open it says what will be, afterwards what a click does. */
function PreviewSwitch(props: {
  names: SwitchNames
  isOn: boolean
  isOff: boolean
  requested: Signal<boolean> | undefined
  disabled: boolean
  onUse: () => void
}): VNode {
  const { names, isOn, isOff, requested, disabled, onUse } = props
  const label = say(requested === undefined ? names.acts[isOn ? 1 : 0] : names.preferred)
  const isLit = requested === undefined ? isOn : requested.value
  return (
    <button
      type="button"
      class="round"
      data-off={requested === undefined ? isOff : !requested.value}
      aria-pressed={requested === undefined ? undefined : requested.value}
      disabled={disabled}
      aria-label={label}
      title={label}
      onClick={() => (requested === undefined ? onUse() : (requested.value = !requested.value))}
    >
      <Icon name={names.icons[isLit ? 0 : 1]} />
    </button>
  )
}
