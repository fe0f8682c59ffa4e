import type { VideoProfile, VideoProfileName } from './options.js'

/** The usual profiles; bitrates are what H.264 needs for a moving head. */
export const videoProfiles: Readonly<Record<VideoProfileName, VideoProfile>> = {
  '180p': { width: 320, height: 180, frameRate: 15, bitrate: 300 },
  '360p': { width: 640, height: 360, frameRate: 24, bitrate: 700 },
  '480p': { width: 854, height: 480, frameRate: 24, bitrate: 1000 },
  '720p': { width: 1280, height: 720, frameRate: 30, bitrate: 1800 },
  '1080p': { width: 1920, height: 1080, frameRate: 30, bitrate: 3000 },
}
