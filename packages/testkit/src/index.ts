export { VirtualClock } from './virtual-clock/virtual-clock.js'
export { Link, type BurstLoss, type LinkCounters, type LinkOptions } from './netem/link.js'
export { seededRandom } from './netem/seeded-random.js'
