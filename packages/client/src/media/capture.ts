import { captureError, CrossroomError } from '../errors.js'
import type { VideoProfile } from '../options.js'

/** Which camera, and what it should deliver. */
export interface CameraRequest {
  readonly deviceId?: string | undefined
  readonly facingMode?: 'user' | 'environment' | undefined
  readonly profile: VideoProfile
}

/** Which microphone, and what the browser does to its sound. */
export interface MicrophoneRequest {
  readonly deviceId?: string | undefined
  readonly echoCancellation: boolean
  readonly noiseSuppression: boolean
  readonly autoGainControl: boolean
}

/** The shared media: the video, and the audio if the user chose to share it. */
export interface ScreenCapture {
  readonly video: MediaStreamTrack
  readonly audio: MediaStreamTrack | undefined
}

/** Opens a camera. Rejects with CrossroomError. */
export async function openCamera(request: CameraRequest): Promise<MediaStreamTrack> {
  return (await openDevices({ video: cameraConstraints(request) }))[0]!
}

/** Opens a microphone. Rejects with CrossroomError. */
export async function openMicrophone(request: MicrophoneRequest): Promise<MediaStreamTrack> {
  const { deviceId, ...processing } = request
  return (await openDevices({ audio: { ...processing, ...exactly(deviceId) } }))[0]!
}

/** Asks the person which screen, window or tab. Rejects with CrossroomError. */
export async function openScreen(profile: VideoProfile, systemAudio: boolean): Promise<ScreenCapture> {
  const devices = mediaDevices()
  if (!('getDisplayMedia' in devices)) throw new CrossroomError('SCREEN_UNSUPPORTED')
  const { width, height, frameRate } = profile
  const video = { width: { max: width }, height: { max: height }, frameRate: { max: frameRate } }
  try {
    const stream = await devices.getDisplayMedia({ video, audio: systemAudio })
    const [track] = stream.getVideoTracks()
    if (track === undefined) throw new CrossroomError('SCREEN_DENIED')
    // Text matters more than motion: the browser lowers the rate of the pictures before their sharpness.
    track.contentHint = 'detail'
    return { video: track, audio: stream.getAudioTracks()[0] }
  } catch (error) {
    throw captureError(error, 'screen')
  }
}

/**
 * The constraints for getUserMedia. Everything except the device is a preference: a camera without support does its
 * best.
 */
export function cameraConstraints({ deviceId, facingMode, profile }: CameraRequest): MediaTrackConstraints {
  return {
    width: { ideal: profile.width },
    height: { ideal: profile.height },
    frameRate: { ideal: profile.frameRate },
    ...exactly(deviceId),
    ...(deviceId === undefined && facingMode !== undefined ? { facingMode } : {}),
  }
}

function exactly(deviceId: string | undefined): MediaTrackConstraints {
  return deviceId === undefined || deviceId === 'default' ? {} : { deviceId: { exact: deviceId } }
}

/** Opens a camera, a microphone or both, with one question. Rejects with CrossroomError. */
export async function openDevices(constraints: MediaStreamConstraints): Promise<readonly MediaStreamTrack[]> {
  const devices = mediaDevices()
  try {
    return (await devices.getUserMedia(constraints)).getTracks()
  } catch (error) {
    throw captureError(error, 'device')
  }
}

/** Browsers hide the devices from pages that came by plain HTTP. */
function mediaDevices(): MediaDevices {
  if (!globalThis.isSecureContext) throw new CrossroomError('INSECURE_CONTEXT')
  const devices = navigator.mediaDevices as MediaDevices | undefined
  if (devices === undefined) throw new CrossroomError('NOT_SUPPORTED')
  return devices
}
