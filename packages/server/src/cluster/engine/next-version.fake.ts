import { CLUSTER_VERSION } from '../nodes/node-record.js'
import type { EngineMessage } from './engine.js'
import type { MemoryEngine } from './memory-engine.js'

/** What the next version may add anywhere. */
const UNKNOWN = { text: 'of the next version', list: [1, { deep: true }], none: null }

/** What has keys of users instead of fields. */
const MAPS = new Set(['left'])

/**
 * The engine of a node of the next version: all that the node writes, says and answers has that version, and fields that this
 * version does not know in every object. The node itself is one of this version, which reads what it wrote like anybody else.
 */
export function ofNextVersion(engine: MemoryEngine): MemoryEngine {
  return new Proxy(engine, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: readonly unknown[]): unknown => {
        const sent = args.map((argument) => {
          if (argument instanceof Uint8Array) return changed(argument)
          return name === 'subscribe' && typeof argument === 'function' ? answering(argument as Listener) : argument
        })
        return Reflect.apply(value as (...args: unknown[]) => unknown, target, sent)
      }
    },
  })
}

type Listener = (message: EngineMessage) => void

function answering(listener: Listener): Listener {
  return ({ respond, ...message }) =>
    listener({ ...message, ...(respond && { respond: (payload) => respond(changed(payload)) }) })
}

function changed(payload: Uint8Array): Uint8Array {
  if (payload.length === 0) return payload
  const read = JSON.parse(Buffer.from(payload).toString('utf8')) as { v?: unknown }
  if (read.v !== CLUSTER_VERSION) throw new Error(`This has no version: ${JSON.stringify(read).slice(0, 200)}`)
  return Buffer.from(JSON.stringify({ ...(grown(read) as object), v: CLUSTER_VERSION + 1 }))
}

function grown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(grown)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([name, field]) => [name, MAPS.has(name) ? field : grown(field)] as const)
  return { ...Object.fromEntries(fields), futureField: UNKNOWN }
}
