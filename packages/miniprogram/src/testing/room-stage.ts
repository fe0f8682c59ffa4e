import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'

import { buildForTest, openStage, type Stage, type StageOptions } from './stage.js'

/** Built again for each test file, with one `<webrtc-room>` per test. */
export interface RoomStage {
  /** On a page, with the properties that a call needs, not started. */
  open(options?: Partial<StageOptions>): Promise<Stage>
  /** Opened and in the room. */
  enter(options?: Partial<StageOptions>): Promise<Stage>
  /** What follows concerns the stage that was opened last. */
  readonly stage: Stage
  call(method: string, ...parameters: unknown[]): unknown
  pusherSays(code: number, message?: string): Promise<void>
  playerSays(id: string, code: number): Promise<void>
  /** `code` of every RoomEvent. */
  roomCodes(): unknown[]
  /** `code` of every statechange. */
  pusherCodes(): unknown[]
}

const entry = { server: 'wss://room.test', sdkAppID: 1400000000, userID: 'me', userSig: 'sig', roomID: 100 }

/** Call it once at the top of a test file. */
export function useRoomStage(name: StageOptions['name'] = 'webrtc-room', defaults: object = entry): RoomStage {
  const built = mkdtempSync(join(tmpdir(), 'crossroom-miniprogram-'))
  let stage: Stage
  beforeAll(() => buildForTest(built))
  afterEach(() => stage.close())
  afterAll(() => rmSync(built, { recursive: true }))
  const codesOf = (name: string): unknown[] => stage.details(name).map((event) => (event as { code: unknown }).code)
  const open = async (options: Partial<StageOptions> = {}): Promise<Stage> => {
    const properties = { ...defaults, ...options.properties }
    stage = await openStage(built, { name, ...options, properties })
    return stage
  }
  return {
    open,
    async enter(options) {
      await open(options)
      stage.methods['start']!()
      await stage.settle()
      return stage
    },
    get stage() {
      return stage
    },
    call: (method, ...parameters) => stage.methods[method]!(...parameters),
    async pusherSays(code, message = '') {
      stage.pushers[0]?.triggerEvent('statechange', { code, message })
      await stage.settle()
    },
    async playerSays(id, code) {
      stage.player(id).triggerEvent('statechange', { code })
      await stage.settle()
    },
    roomCodes: () => codesOf('RoomEvent'),
    pusherCodes: () => codesOf('statechange'),
  }
}
