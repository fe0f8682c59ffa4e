import type { Crossroom } from '@crossroom/client'

/** What the pages use of the SDK; tests put a double in its place. */
export type RoomClient = Pick<
  Crossroom,
  | 'on'
  | 'enterRoom'
  | 'exitRoom'
  | 'switchRole'
  | 'renewSignature'
  | 'startLocalVideo'
  | 'updateLocalVideo'
  | 'stopLocalVideo'
  | 'startLocalAudio'
  | 'updateLocalAudio'
  | 'stopLocalAudio'
  | 'startScreenShare'
  | 'stopScreenShare'
  | 'startRemoteVideo'
  | 'stopRemoteVideo'
  | 'muteRemoteAudio'
  | 'setSpeaker'
  | 'sendMessage'
  | 'setVideoProcessor'
  | 'createBeautyFilter'
  | 'getLocalTrack'
  | 'getStatistics'
  | 'kick'
  | 'mute'
  | 'disband'
  | 'startRecording'
  | 'stopRecording'
  | 'requestMic'
  | 'withdrawMic'
  | 'createInvite'
  | 'answerMic'
  | 'removeMic'
  | 'destroy'
>

/** What can be asked of the browser before anything begins. */
export type ClientClass = Pick<
  typeof Crossroom,
  'isSupported' | 'getCameraList' | 'getMicrophoneList' | 'getSpeakerList'
>
