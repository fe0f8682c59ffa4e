import type { EngineAsk, EnginePort, EngineTell } from '../../cluster/index.js'
import type { Channel } from './channel.js'
import type { FromProcess, ToProcess } from './messages.js'

/** The engine's part of the channel to the parent. */
export function portToParent(channel: Channel<FromProcess, ToProcess>): EnginePort<EngineAsk, EngineTell> {
  return {
    send: (ask) => channel.send({ kind: 'engine', ask }, sizeOf(ask)),
    onMessage: (listener) =>
      channel.onMessage((message) => {
        if (message.kind === 'engine') listener(message.tell)
      }),
  }
}

/** The same of the channel to a process. */
export function portToProcess(channel: Channel<ToProcess, FromProcess>): EnginePort<EngineTell, EngineAsk> {
  return {
    send: (tell) => channel.send({ kind: 'engine', tell }, sizeOf(tell)),
    onMessage: (listener) =>
      channel.onMessage((message) => {
        if (message.kind === 'engine') listener(message.ask)
      }),
  }
}

/** Bytes of the values in it, a list of entries included. */
function sizeOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.length
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((sum, part) => sum + sizeOf(part), 0)
}
