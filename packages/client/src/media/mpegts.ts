import library from 'mpegts.js'

/** Its types put the library under `default`, as its sources do; what it ships is the library itself. Bundlers know that. */
export type Mpegts = typeof library extends { default: infer Inner } ? Inner : typeof library

/** A separate file in the built SDK, loaded only without WebRTC. */
export const mpegts = library as unknown as Mpegts
