import type { VNode } from 'preact'
import { say } from '../i18n/say.js'
import type { RoomModel } from '../pages/room/room-model.js'
import './recording-mark.css'

/** Says that the room is recorded, for as long as it is; the owner starts and stops it here. */
export function RecordingMark({ model }: { model: RoomModel }): VNode {
  const isRecorded = model.isRecorded.value
  return (
    <>
      {isRecorded ? (
        <span class="recording-mark" title={say('recordingBegan')}>
          <span class="recording-dot" aria-hidden="true" />
          {say('recordingNow')}
        </span>
      ) : null}
      {model.isOwner.value ? (
        <button type="button" class="small recording-switch" onClick={() => void model.toggleRecording()}>
          {say(isRecorded ? 'recordStop' : 'recordStart')}
        </button>
      ) : null}
    </>
  )
}
