import { AsyncLocalStorage } from 'node:async_hooks'
import type { WebSocket } from 'ws'
import type { PlayerStats } from '../tags/live-player.js'

/** A drawn `<live-pusher>`. */
export interface PusherTag {
  start(): void
  stop(): void
  pause(): void
  resume(): void
  changeNetwork(): void
}

/** A drawn `<live-player>`. */
export interface PlayerTag {
  readonly id: string
  play(): void
  stop(): void
  changeNetwork(): void
  stats(): PlayerStats
}

/** What belongs to one phone and is asked for through the global `wx`. */
export interface PhoneDevice {
  readonly platform: string
  /** The one live-pusher of the page, when it is drawn. */
  pusher: PusherTag | undefined
  readonly players: Map<string, PlayerTag>
  readonly networkListeners: Set<(change: { readonly isConnected: boolean; readonly networkType: string }) => void>
  readonly sockets: Set<WebSocket>
}

/**
 * Whose code runs: many phones live in one process with one global `wx`, as the component reads it. Timers and sockets
 * that a phone opens stay its own.
 */
export const currentDevice = new AsyncLocalStorage<PhoneDevice>()
