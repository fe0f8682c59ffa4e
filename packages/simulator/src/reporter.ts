import type { PlayerStats } from './tags/live-player.js'

/** Where the events of a phone go. */
export interface Reporter {
  pusher(code: number, message: string): void
  player(userId: string, code: number): void
  room(event: { readonly tag: string; readonly code: number | string; readonly detail: string }): void
  stats(userId: string, stats: PlayerStats): void
}

/** One JSON line per event, for programs; fields are only added. */
export class JsonReporter implements Reporter {
  pusher(code: number, message: string): void {
    print({ event: 'pusher', code, message })
  }

  player(userId: string, code: number): void {
    print({ event: 'player', userId, code })
  }

  room(event: { readonly tag: string; readonly code: number | string; readonly detail: string }): void {
    print({ event: 'room', ...event })
  }

  stats(userId: string, stats: PlayerStats): void {
    print({ event: 'stats', userId, ...stats })
  }
}

/** One line a person can read per event. */
export class TextReporter implements Reporter {
  pusher(code: number, message: string): void {
    process.stdout.write(`pusher  ${String(code).padEnd(6)} ${message}\n`)
  }

  player(userId: string, code: number): void {
    process.stdout.write(`player  ${String(code).padEnd(6)} ${userId}\n`)
  }

  room(event: { readonly tag: string; readonly code: number | string; readonly detail: string }): void {
    if (event.tag === 'error') process.stdout.write(`error   ${String(event.code).padEnd(6)} ${event.detail}\n`)
    if (event.code === 'RECORDING')
      process.stdout.write(`the room is ${event.detail === 'on' ? '' : 'no longer '}recorded\n`)
  }

  stats(userId: string, { frames, width, height, audioLevel, delayMs }: PlayerStats): void {
    const delay = delayMs === undefined ? 'no clock' : `${String(delayMs)} ms behind`
    const size = `${String(width)}×${String(height)}`
    process.stdout.write(`${userId}: ${size}, ${String(frames)} pictures, sound ${String(audioLevel)}, ${delay}\n`)
  }
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
