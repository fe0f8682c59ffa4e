import { CrossroomError } from './errors.js'
import type { VideoProfile, VideoProfileName } from './options.js'

/** The usual profiles; bitrates are what H.264 needs for a moving head. */
export const videoProfiles: Readonly<Record<VideoProfileName, VideoProfile>> = {
  '180p': { width: 320, height: 180, frameRate: 15, bitrate: 300 },
  '360p': { width: 640, height: 360, frameRate: 24, bitrate: 700 },
  '480p': { width: 854, height: 480, frameRate: 24, bitrate: 1000 },
  '720p': { width: 1280, height: 720, frameRate: 30, bitrate: 1800 },
  '1080p': { width: 1920, height: 1080, frameRate: 30, bitrate: 3000 },
}

/** What a screen is sent as unless the page says otherwise: few pictures, for text must stay sharp. */
export const screenProfile: VideoProfile = { width: 1920, height: 1080, frameRate: 15, bitrate: 2500 }

/** A profile by its name, or as it is. Throws `INVALID_ARGUMENT` for a name that there is not. */
export function profileOf(profile: VideoProfileName | VideoProfile): VideoProfile {
  if (typeof profile === 'object') return profile
  if (Object.hasOwn(videoProfiles, profile)) return videoProfiles[profile]
  const names = Object.keys(videoProfiles).join(', ')
  throw new CrossroomError(
    'INVALID_ARGUMENT',
    `There is no profile "${String(profile).slice(0, 20)}"; there are ${names}.`,
  )
}
