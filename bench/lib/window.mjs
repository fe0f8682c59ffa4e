// One measurement: what a process and its children spend while something else goes on.
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuMs } from './process.mjs'

/** Milliseconds of CPU per second that `pid` and its children spend during `seconds`. */
export async function cpuPerSecond(pid, seconds) {
  const before = cpuMs(pid)
  const startedAt = performance.now()
  await sleep(seconds * 1000)
  const spent = cpuMs(pid) - before
  return (spent / (performance.now() - startedAt)) * 1000
}
