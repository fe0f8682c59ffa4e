import { test } from 'vitest'
import { ClusterChaos } from './cluster-chaos.js'

/** `npm run chaos -- --help` says more. */
const faults = Number(process.env['CHAOS_FAULTS'] ?? 60)
const rooms = Number(process.env['CHAOS_ROOMS'] ?? 4)
const seed = Number(process.env['CHAOS_SEED'] ?? 1)

test(
  `${String(faults)} faults beside ${String(rooms)} rooms: one owner, nobody twice, bans hold, and every call goes on (seed ${String(seed)})`,
  { timeout: 60_000 + faults * 10_000 },
  async () => {
    const chaos = await ClusterChaos.open({ seed, rooms })
    const startedAt = performance.now()
    for (let fault = 0; fault < faults; fault++) await chaos.fault()
    const seconds = (performance.now() - startedAt) / 1000
    console.log(Object.fromEntries(chaos.counts), `${seconds.toFixed(1)} s`)
    await chaos.close()
  },
)
