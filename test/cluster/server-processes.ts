import { readFileSync } from 'node:fs'
import type { TestServer } from '../harness/index.js'

export interface ProcessFacts {
  readonly process: number
  readonly pid: number
  readonly node: string
  readonly rtc: number
}

/** The processes of `serve --processes`, as they were when the server began to listen. */
export function processesOf(server: TestServer): ProcessFacts[] {
  const line = server
    .log()
    .split('\n')
    .find((one) => one.startsWith('{"event":"listening"'))
  return (JSON.parse(line!) as { processes: ProcessFacts[] }).processes
}

/** The process of this number as it is now; a number that a dead one had may be somebody else's. */
export function pidOf(server: TestServer, index: number): number {
  const again = server
    .log()
    .matchAll(new RegExp(`"process":${String(index)},"pid":(\\d+),"msg":"A process listens again"`, 'g'))
  const last = [...again].at(-1)?.[1]
  const pid = last === undefined ? processesOf(server).find((one) => one.process === index)!.pid : Number(last)
  const parent = / \w (\d+) /.exec(readFileSync(`/proc/${String(pid)}/stat`, 'latin1'))?.[1]
  if (Number(parent) !== server.process.child.pid) throw new Error(`Process ${String(index)} is not alive.`)
  return pid
}
