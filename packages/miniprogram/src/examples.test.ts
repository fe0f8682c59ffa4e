import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'

import { camelCase, PLAYER_ATTRIBUTES, PLAYER_EVENTS } from './tags/attributes.js'
import { properties } from './webrtc-room/properties.js'

const root = join(import.meta.dirname, '../../../examples/mini-program')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const { pages } = JSON.parse(read('app.json')) as { readonly pages: readonly string[] }

/** What a page gives to `Page`. */
function pageOf(path: string): Readonly<Record<string, unknown>> {
  let page: Record<string, unknown> | undefined
  const anything = new Proxy({}, { get: () => () => undefined })
  runInNewContext(read(`${path}.js`), {
    Page: (given: object) => (page = { ...given }),
    require: () => anything,
    wx: {},
  })
  if (page === undefined) throw new Error(`${path} makes no page`)
  return page
}

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1]!)

test.each(pages)('every handler that %s names is there, and so is every component', (path) => {
  const page = pageOf(path)
  const wxml = read(`${path}.wxml`)
  const handlers = all(wxml, /\bbind\w+="(\w+)"/g)
  expect(handlers.length).toBeGreaterThan(0)
  expect(handlers.filter((name) => typeof page[name] !== 'function')).toEqual([])
  const { usingComponents = {} } = JSON.parse(read(`${path}.json`)) as { usingComponents?: Record<string, string> }
  const drawn = new Set(all(wxml, /<((?:webrtc|room)-\w+)/g))
  expect(Object.keys(usingComponents).sort()).toEqual([...drawn].sort())
  for (const [name, from] of Object.entries(usingComponents)) expect(from).toBe(`@crossroom/miniprogram/${name}/index`)
})

test.each(['call', 'meeting', 'live'])('%s does not stop a room that comes back with the page', (name) => {
  const calls: string[] = []
  const page = pageOf(`pages/${name}/${name}`) as { onRoomEvent(this: object, event: object): void }
  const told = { room: () => ({ stop: () => calls.push('stop') }), setData: () => calls.push('setData') }
  page.onRoomEvent.call(told, { detail: { tag: 'error', code: 'EXIT_ROOM', detail: 'left' } })
  expect(calls).toEqual([])
  page.onRoomEvent.call(told, { detail: { tag: 'error', code: -6, detail: 'lost' } })
  expect(calls).toContain('stop')
})

/** Of every component, what a page may write on it besides the attributes that all tags have. */
const attributes: Readonly<Record<string, readonly string[]>> = {
  'webrtc-room': [
    ...Object.keys(properties),
    ...['bindRoomEvent', 'bindIMEvent', 'bindnotification', 'bindnetstatus', 'bindstatechange'],
  ],
  'room-player': [
    ...['src', 'fallback', 'autoplay', 'playerAttributes'],
    ...PLAYER_ATTRIBUTES.map(({ name }) => camelCase(name)),
    ...PLAYER_EVENTS.map((name) => `bind${name}`),
  ],
}

test.each(pages)('%s sets no property that its components have not', (path) => {
  for (const [, name, written] of read(`${path}.wxml`).matchAll(/<((?:webrtc|room)-\w+)([^>]*)>/g)) {
    const names = all(written!, /([\w:-]+)="/g).filter((each) => !/^(id|class|style|wx:\w+|data-\w+)$/.test(each))
    expect(names.length).toBeGreaterThan(0)
    expect(names.filter((each) => !attributes[name!]!.includes(each))).toEqual([])
  }
})
