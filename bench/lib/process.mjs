// CPU time and memory of a process and all its children, from /proc.
import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

function processTree(root) {
  const children = new Map()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // It ended in the meantime.
    }
  }
  const tree = [root]
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i]) ?? []))
  return tree
}

/** Nanoseconds on a CPU of one process, all its threads together. */
function cpuNanoseconds(pid) {
  let total = 0
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    try {
      total += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0])
    } catch {
      // The thread ended.
    }
  }
  return total
}

/** User and system time in milliseconds since the processes began. */
export function cpuMs(pid) {
  let total = 0
  for (const one of processTree(pid)) {
    try {
      total += cpuNanoseconds(one) / 1e6
    } catch {
      const stat = readFileSync(`/proc/${one}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      total += ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND
    }
  }
  return total
}

/** Resident memory of a process in KiB, without its children: the codec processes do not grow with players. */
export function rssKiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1])
}

/** The same with all its children. */
export function treeRssKiB(pid) {
  return processTree(pid).reduce((sum, one) => sum + rssKiB(one), 0)
}
