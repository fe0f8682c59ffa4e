import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { buildForTest } from './testing/stage.js'

/** WeChat's own compilers of WXML and WXSS, as DevTools has them; binaries for x86-64 and for macOS. */
interface WechatCompiler {
  wxmlToJs(root: string): string
  wxssToJs(root: string): string
}

const compiler = createRequire(import.meta.filename)('miniprogram-compiler') as WechatCompiler
const runsHere = process.platform === 'darwin' || (process.platform === 'linux' && process.arch === 'x64')
const built = mkdtempSync(join(tmpdir(), 'crossroom-miniprogram-'))

beforeAll(() => buildForTest(built))
afterAll(() => rmSync(built, { recursive: true }))

test.runIf(runsHere)('WeChat`s own compilers take every component', () => {
  const wxml = compiler.wxmlToJs(built)
  const wxss = compiler.wxssToJs(built)
  for (const name of ['webrtc-room', 'room-pusher', 'room-player']) {
    expect(wxml).toContain(`${name}/index.wxml:`)
    expect(wxss).toContain(`${name}/index.wxss`)
  }
  expect(wxml).toContain('beautyStyle')
})

test.runIf(runsHere)('WeChat`s own compilers take the example', () => {
  const example = join(import.meta.dirname, '../../../examples/mini-program')
  const wxml = compiler.wxmlToJs(example)
  for (const page of ['index', 'call', 'meeting', 'live', 'monitor'])
    expect(wxml).toContain(`pages/${page}/${page}.wxml:`)
})

test.runIf(runsHere)('they would tell of a tag that is not closed', () => {
  const broken = join(built, 'broken')
  mkdirSync(broken)
  writeFileSync(join(broken, 'page.wxml'), '<view><text></view>')
  expect(() => compiler.wxmlToJs(broken)).toThrow()
})
