import { PROBE_KEY, type ClusterEngine } from './engine.js'
import type { NatsOptions } from './nats-engine.js'

const RETRY_MS = 500

/**
 * The engine on NATS, which takes writes. A server without a cluster loads none of it. Servers of NATS that start at the same
 * time, and elect a leader then, are waited for.
 * @throws ClusterError
 */
export async function openNatsEngine(options: NatsOptions, waitMs: number): Promise<ClusterEngine> {
  const { NatsEngine } = await import('./nats-engine.js')
  const { describeEngineFault, isPassing } = await import('./engine-faults.js')
  const { clock, servers } = options
  let isTooLate = false
  const cancel = clock.after(waitMs * 1000, () => (isTooLate = true))
  try {
    for (;;) {
      try {
        const engine = await NatsEngine.open(options)
        try {
          await engine.put(PROBE_KEY, new Uint8Array())
          return engine
        } catch (error) {
          await engine.close()
          throw error
        }
      } catch (error) {
        const fault = describeEngineFault(error, servers)
        if (isTooLate || !isPassing(fault)) throw fault
      }
      await new Promise<void>((resolve) => clock.after(RETRY_MS * 1000, resolve))
    }
  } finally {
    cancel()
  }
}
