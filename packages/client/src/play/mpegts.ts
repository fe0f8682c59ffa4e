import library from 'mpegts.js'

/**
 * A file of its own in the built SDK, loaded only where no WebRTC gets through. The types of mpegts.js put the library under
 * `default`, as its sources do; what it ships is the library itself.
 */
export const mpegts = library as unknown as typeof library.default
