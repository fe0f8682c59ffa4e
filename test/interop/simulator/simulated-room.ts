import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, vi } from 'vitest'

import { Phone, type PhoneOptions, type PlayerStats } from '../../../packages/simulator/src/index.js'
import { startServer, until, type TestServer } from '../../harness/index.js'

/** Pictures are coded and decoded in this process, on a machine that may be busy with other tests. */
const BUSY_MS = 25_000
const TEST_MS = 90_000

/** What a phone told so far. */
export interface Told {
  readonly pusher: [number, string][]
  readonly player: [string, number][]
  /** Texts of messages. */
  readonly messages: string[]
  readonly room: { readonly tag: string; readonly code: number | string; readonly detail: string }[]
}

export interface OpenPhone {
  readonly phone: Phone
  readonly told: Told
  /** Codes of the pusher, oldest first. */
  codes(): number[]
  /** Waits until somebody is seen, with so many pictures more than now, and heard. */
  untilPlays(userId: string, frames?: number, timeoutMs?: number): Promise<PlayerStats>
  /** Waits until a picture of somebody is younger than `ms`: an old one may be a busy machine's, a delay stays. */
  untilYoung(userId: string, ms?: number): Promise<unknown>
}

/** The component built anew, and phones that are closed with the file. Call it once at the top of a test file. */
export function usePhones(): {
  open(server: TestServer, userId: string, options?: Partial<PhoneOptions>): Promise<OpenPhone>
} {
  vi.setConfig({ testTimeout: TEST_MS, hookTimeout: TEST_MS })
  const component = mkdtempSync(join(tmpdir(), 'crossroom-component-'))
  const phones: Phone[] = []
  beforeAll(async () => {
    const build = join(import.meta.dirname, '../../../packages/miniprogram/build.mjs')
    await promisify(execFile)(process.execPath, [build, component])
  })
  afterAll(async () => {
    await Promise.all(phones.map((phone) => phone.close()))
    rmSync(component, { recursive: true })
  })
  return {
    async open(server, userId, options = {}) {
      const told: Told = { pusher: [], player: [], messages: [], room: [] }
      const phone = await Phone.open({
        server: server.http,
        roomId: 'call',
        userId,
        component,
        ...options,
        handlers: {
          pusher: (code, message) => told.pusher.push([code, message]),
          player: (user, code) => told.player.push([user, code]),
          room: (event) => told.room.push(event),
          message: ({ tag, detail }) => {
            if (!tag.endsWith('msg_notify')) return
            for (const { content } of detail as { content: string }[]) told.messages.push(content)
          },
        },
      })
      phones.push(phone)
      return {
        ...{ phone, told, untilPlays: playsOf(phone, told) },
        codes: () => told.pusher.map(([code]) => code),
        untilYoung: (user, ms = 400) =>
          until(`a picture of ${user} younger than ${String(ms)} ms`, () => ageOf(phone, user) < ms, {
            timeoutMs: BUSY_MS,
            explain: () => `The last was ${String(ageOf(phone, user))} ms old`,
          }),
      }
    },
  }
}

/** One server with more flags, and phones that are closed with the file. Call it once at the top of a test file. */
export function useSimulatedRoom(args: readonly string[] | (() => Promise<readonly string[]>) = []): {
  readonly server: TestServer
  open(userId: string, options?: Partial<PhoneOptions>): Promise<OpenPhone>
} {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer({ args: typeof args === 'function' ? await args() : args })
  })
  afterAll(() => server.stop())
  // Its hook of the end runs before the server's.
  const phones = usePhones()
  return {
    get server() {
      return server
    },
    open: (userId, options) => phones.open(server, userId, options),
  }
}

function ageOf(phone: Phone, userId: string): number {
  return phone.stats().get(userId)?.delayMs ?? Infinity
}

function playsOf(phone: Phone, told: Told): OpenPhone['untilPlays'] {
  return (userId, frames = 20, timeoutMs = BUSY_MS) => {
    const before = phone.stats().get(userId)?.frames ?? 0
    let level = 0
    const look = (): PlayerStats | false => {
      const stats = phone.stats().get(userId)
      if (stats === undefined) return false
      // Some of the short spans between two looks hold no whole frame of sound.
      level = Math.max(level, stats.audioLevel)
      return stats.frames >= before + frames && level > 40 && { ...stats, audioLevel: level }
    }
    const explain = (): string => JSON.stringify([...phone.stats(), told])
    return until(`the picture and the sound of ${userId}`, look, { timeoutMs, explain })
  }
}
