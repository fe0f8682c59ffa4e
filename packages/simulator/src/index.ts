export { clockAgeMs, drawClock, type Luma } from './picture/clock-picture.js'
export { Phone, type PhoneHandlers, type PhoneOptions } from './phone/phone.js'
export { DEFAULT_QUIRKS, type Quirks } from './quirks.js'
export type { PlayerStats } from './tags/live-player.js'
