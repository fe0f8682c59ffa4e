export { Mixer, type Mix, type MixerOptions, type MixerStatus, type MixOptions } from './mixer.js'
