import type { EngineChange, EngineEntry, EnginePass } from '../engine.js'

/** What asks the store. */
export type EngineCall =
  | { readonly of: 'flush' }
  | { readonly of: 'get'; readonly key: string }
  | { readonly of: 'list'; readonly prefix: string }
  | { readonly of: 'create' | 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly of: 'update'; readonly key: string; readonly value: Uint8Array; readonly revision: number }
  | { readonly of: 'delete'; readonly key: string; readonly revision: number | undefined }
  | { readonly of: 'request'; readonly subject: string; readonly payload: Uint8Array; readonly timeoutMs: number }

/** From a process to the one that has the store. `id` is the sender's. */
export type EngineAsk =
  | { readonly type: 'ping' | 'close' }
  | { readonly type: 'publish'; readonly subject: string; readonly payload: Uint8Array }
  | { readonly type: 'subscribe' | 'watch' | 'follow'; readonly id: number; readonly pattern: string }
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'call'; readonly id: number; readonly call: EngineCall }
  | { readonly type: 'answer'; readonly to: number; readonly payload: Uint8Array }

/** The other way; `id` is that of the question. */
export type EngineTell =
  | { readonly type: 'pong' }
  | {
      readonly type: 'message'
      readonly id: number
      readonly subject: string
      readonly payload: Uint8Array
      /** The message is a request, and this its number. */
      readonly answerTo: number | undefined
    }
  | { readonly type: 'change'; readonly id: number; readonly change: EngineChange }
  | { readonly type: 'ready'; readonly id: number }
  | { readonly type: 'pass'; readonly id: number; readonly pass: EnginePass }
  | { readonly type: 'result'; readonly id: number; readonly value: EngineResult }

/** `lost`: the store was closed. */
export type EngineResult =
  { readonly value: EngineEntry | EngineEntry[] | Uint8Array | number | boolean | undefined } | { readonly lost: true }

/** Messages in order, and none lost while both ends live; each is copied. */
export interface EnginePort<Sent, Received> {
  send(message: Sent): void
  onMessage(listener: (message: Received) => void): void
}
