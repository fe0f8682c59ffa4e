export type { RunningMix } from './mix-group.js'
export { Mixer, type Mix, type MixerOptions, type MixerStatus, type MixOptions } from './mixer.js'
