export { Driver, type DriverClock, type DriverHandlers } from './driver.js'
export type { Machine, Micros, Polled } from './machine.js'
export { Outbox } from './outbox.js'
