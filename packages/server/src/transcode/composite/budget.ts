import { compositeLimits } from '../../config/index.js'

/** What a composite costs, as tried out a moment ago. */
export interface TrialResult {
  /** Microseconds of each picture, the first left out: while the others compete for the CPU as well. */
  readonly took: readonly number[]
}

/** What is taken already, in cores. */
export interface Taken {
  /** By the composites of the same room, which share a process. */
  readonly room: number
  readonly all: number
  readonly cores: number
}

/** A composite's share of one core: the best of its pictures is what nobody else's work was in. */
export function costOf({ took }: TrialResult, fps: number): number {
  return (Math.min(...took) * fps) / 1_000_000
}

/** Why a composite cannot be had, in a sentence; undefined when it can. */
export function refusalOf(trial: TrialResult, fps: number, taken: Taken): string | undefined {
  const { cpuShare } = compositeLimits
  const mean = trial.took.reduce((sum, one) => sum + one, 0) / trial.took.length
  const interval = 1_000_000 / fps
  if (mean > interval * cpuShare)
    return `The server lacks CPU: one picture takes ${ms(mean)} ms at present, and ${ms(interval * cpuShare)} ms are there for it; choose a smaller picture or fewer per second.`
  const cost = costOf(trial, fps)
  if (taken.room + cost > cpuShare)
    return `The composites of this room share one core and take ${percent(taken.room)} % of it; this one would take ${percent(cost)} % more, and ${percent(cpuShare)} % is the limit.`
  if (taken.all + cost > taken.cores * cpuShare)
    return `All composites take ${percent(taken.all)} % of a core; this one would take ${percent(cost)} % more, and ${percent(taken.cores * cpuShare)} % is the limit of this machine.`
  return undefined
}

const ms = (micros: number): string => (micros / 1000).toFixed(1)
const percent = (share: number): string => (share * 100).toFixed(0)
