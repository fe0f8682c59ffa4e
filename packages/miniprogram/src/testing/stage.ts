import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type Simulate from 'miniprogram-simulate'
import { vi } from 'vitest'

import {
  camelCase,
  PLAYER_ATTRIBUTES,
  PLAYER_EVENTS,
  PUSHER_ATTRIBUTES,
  PUSHER_EVENTS,
  type TagAttribute,
} from '../tags/attributes.js'
import { FakeWx } from './fake-wx.js'
import { FakeRoomServer } from './room-server.js'

const root = join(import.meta.dirname, '../..')

/** One drawn `<live-pusher>` or `<live-player>`: it does nothing, and says what the test lets it say. */
export interface TagDouble {
  readonly id: string
  readonly data: Readonly<Record<string, unknown>>
  triggerEvent(name: string, detail: object): void
}

/** As much of the DOM as tests look at; its types are not among those of a Mini Program. */
export interface Dom {
  readonly innerHTML: string
  readonly textContent: string
  querySelector(selector: string): Dom | null
}

/** j-component's types leave out what it does for pages and for listeners. */
type Rendered = Omit<ReturnType<typeof Simulate.render>, 'dom'> & {
  readonly dom: Dom

  triggerPageLifeTime(name: 'show' | 'hide'): void
  addEventListener(name: string, listener: (event: { readonly detail: unknown }) => void): void
  attach(parent: unknown): void
  detach(): void
}

/** A component on a page, over a fake `wx` and a fake signaling server, on a clock that the test moves. */
export interface Stage {
  readonly server: FakeRoomServer
  readonly wx: FakeWx
  readonly component: Rendered
  /** The component's methods, as an app calls them. */
  readonly methods: Readonly<Record<string, (...parameters: unknown[]) => unknown>>
  /** Details of one event, in order. */
  readonly details: (name: string) => unknown[]
  /** Those that exist at the moment. */
  readonly pushers: readonly TagDouble[]
  readonly players: readonly TagDouble[]
  readonly player: (id: string) => TagDouble
  /** Lets everything that waits for nothing but its turn happen, and `ms` pass. */
  readonly settle: (ms?: number) => Promise<void>
  readonly set: (properties: object) => void
  readonly close: () => void
}

export interface StageOptions {
  readonly name: 'webrtc-room' | 'room-pusher' | 'room-player'
  readonly properties?: object
  readonly platform?: string
  readonly server?: FakeRoomServer
  /** WXML of a page around the component, which is `<room>` in it; the component is then found by its id `it`. */
  readonly page?: string
}

/** What tests ask for by `details`. */
const EVENTS: ReadonlySet<string> = new Set([
  ...['RoomEvent', 'IMEvent', 'notification', 'pusherevent', 'playerevent'],
  ...PUSHER_EVENTS,
  ...PLAYER_EVENTS,
])

let builds = 0

/** Builds the package into a new temporary folder: no test runs an earlier build. */
export async function buildForTest(out: string): Promise<void> {
  // In a separate process: esbuild refuses to run with jsdom's globals.
  await promisify(execFile)(process.execPath, [join(root, 'build.mjs'), out])
}

export async function openStage(built: string, options: StageOptions): Promise<Stage> {
  vi.useFakeTimers()
  const server = options.server ?? new FakeRoomServer()
  const wx = new FakeWx(server)
  wx.platform = options.platform ?? 'ios'
  const require = createRequire(import.meta.filename)
  const simulate = require('miniprogram-simulate') as typeof Simulate
  Object.assign((globalThis as unknown as { wx: object }).wx, wx.api())
  const pushers: TagDouble[] = []
  const players: TagDouble[] = []
  const usingComponents = {
    'live-pusher': registerTag(simulate, 'live-pusher', PUSHER_ATTRIBUTES, pushers),
    'live-player': registerTag(simulate, 'live-player', PLAYER_ATTRIBUTES, players),
  }
  const id = simulate.load(join(built, options.name, 'index'), options.name, {
    compiler: 'simulate',
    rootPath: built,
    usingComponents,
  })
  const page = options.page
    ? simulate.render(
        simulate.load({ template: options.page, usingComponents: { room: id }, data: options.properties } as never),
      )
    : undefined
  const component = (page?.querySelector('#it') ?? simulate.render(id, options.properties)) as Rendered
  const whole = (page ?? component) as Rendered
  const seen: { name: string; detail: unknown }[] = []
  for (const name of EVENTS) {
    component.addEventListener(name, (event) => seen.push({ name, detail: event.detail }))
  }
  whole.attach((globalThis as unknown as { document: { body: object } }).document.body)
  let closed = false
  const settle = async (ms = 0): Promise<void> => {
    await vi.advanceTimersByTimeAsync(ms)
  }
  await settle()
  return {
    server,
    wx,
    component,
    methods: component.instance as never,
    details: (name) => seen.filter((event) => event.name === name).map((event) => event.detail),
    pushers,
    players,
    player(wanted) {
      const found = players.find((player) => player.id === wanted)
      if (!found) throw new Error(`No player ${wanted}; there are ${players.map((player) => player.id).join(', ')}`)
      return found
    },
    settle,
    set: (properties) => (component.instance as { setData(patch: object): void }).setData(properties),
    close() {
      if (closed) return
      closed = true
      whole.detach()
      vi.useRealTimers()
    },
  }
}

/** The properties of a tag: its table, and what the components own. */
function registerTag(
  simulate: typeof Simulate,
  name: string,
  table: readonly TagAttribute[],
  alive: TagDouble[],
): string {
  const properties: Record<string, null> = { url: null, src: null, autopush: null, autoplay: null }
  for (const attribute of table) properties[camelCase(attribute.name)] = null
  const definition = {
    id: `${name}-double-${++builds}`,
    tagName: name,
    template: '<slot/>',
    properties,
    lifetimes: {
      attached(this: TagDouble) {
        alive.push(this)
      },
      detached(this: TagDouble) {
        const at = alive.indexOf(this)
        if (at >= 0) alive.splice(at, 1)
      },
    },
  }
  return simulate.load(definition as never) as unknown as string
}
