import type { Support } from '@crossroom/client'
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Icon } from '../design/icon.js'
import { say } from '../language/say.js'
import { Beauty } from '../parts/beauty.js'
import { DeviceSelect } from '../parts/device-select.js'
import { SoundMeter } from '../parts/sound-meter.js'
import type { RoomClient } from '../room/client.js'
import type { LocalMedia } from '../room/local-media.js'
import { playTone } from '../room/sound.js'

/** How one looks before anybody sees it. */
export function Preview({ local, support }: { local: LocalMedia; support: Support }): VNode {
  useEffect(() => {
    if (support.canPublish) void local.open()
  }, [local, support])
  return (
    <section class="preview" aria-label={say('preview')}>
      <PreviewPicture local={local} canPublish={support.canPublish} />
      {local.failure.value === undefined ? null : (
        <p class="error" role="alert">
          {local.failure.value}
        </p>
      )}
    </section>
  )
}

/** How one sounds, and by which devices. */
export function DevicesCard({ local, client }: { local: LocalMedia; client: RoomClient }): VNode {
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

function PreviewPicture({ local, canPublish }: { local: LocalMedia; canPublish: boolean }): VNode {
  const view = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = view.current
    if (element === null) return
    local.showIn(element)
    return () => local.hideFrom(element)
  }, [local])
  const camera = local.camera.value
  const microphone = local.microphone.value
  return (
    <div class="preview-picture" data-camera={camera}>
      <div ref={view} class="tile-picture" />
      {camera === 'on' ? null : (
        <p class="preview-off">
          <Icon name="cameraOff" />
          {say(camera === 'starting' ? 'cameraStarts' : 'cameraIsOff')}
        </p>
      )}
      <div class="preview-switches">
        <button
          type="button"
          class="round"
          data-off={microphone === 'off'}
          disabled={!canPublish}
          aria-label={say(microphone === 'on' ? 'microphoneOff' : 'microphoneOn')}
          title={say(microphone === 'on' ? 'microphoneOff' : 'microphoneOn')}
          onClick={() => void local.toggleMicrophone()}
        >
          <Icon name={microphone === 'on' ? 'microphone' : 'microphoneOff'} />
        </button>
        <button
          type="button"
          class="round"
          data-off={camera === 'off'}
          disabled={!canPublish}
          aria-label={say(camera === 'on' ? 'cameraOff' : 'cameraOn')}
          title={say(camera === 'on' ? 'cameraOff' : 'cameraOn')}
          onClick={() => void local.toggleCamera()}
        >
          <Icon name={camera === 'on' ? 'camera' : 'cameraOff'} />
        </button>
      </div>
    </div>
  )
}
