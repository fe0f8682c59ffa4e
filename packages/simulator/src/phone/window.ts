import { createRequire } from 'node:module'
import type Simulate from 'miniprogram-simulate'

/** The part of jsdom in use; it ships no types. */
interface JsdomModule {
  readonly JSDOM: new (html: string, options: { readonly pretendToBeVisual: boolean }) => { readonly window: object }
}

/** What miniprogram-simulate looks for among the globals. */
const NAMES = ['document', 'CustomEvent', 'Event', 'Element', 'Node', 'HTMLElement', 'TouchEvent'] as const

const require = createRequire(import.meta.url)

let simulate: typeof Simulate | undefined

/**
 * miniprogram-simulate with the browser's globals that it works on. They are made once per process; a process that has a
 * `window` already (a test in jsdom) keeps its own.
 */
export function openSimulate(): typeof Simulate {
  if (simulate !== undefined) return simulate
  const globals = globalThis as unknown as Record<string, unknown>
  if (globals['window'] === undefined) {
    const { JSDOM } = require('jsdom') as JsdomModule
    const { window } = new JSDOM('<!doctype html><body></body>', { pretendToBeVisual: true })
    globals['window'] = window
    for (const name of NAMES) globals[name] ??= (window as Record<string, unknown>)[name]
  }
  simulate = require('miniprogram-simulate') as typeof Simulate
  return simulate
}
