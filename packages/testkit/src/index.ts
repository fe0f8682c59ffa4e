export { VirtualClock } from './virtual-clock/virtual-clock.js'
