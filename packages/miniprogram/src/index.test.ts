import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { version } from './core/version.js'

const description = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
  version: string
  dependencies?: object
  scripts: Readonly<Record<string, string>>
}

test('the version that is told to the server is the version of the package', () => {
  expect(version).toBe(description.version)
})

test('a Mini Program gets no dependencies, and nothing runs when it is installed', () => {
  expect(description.dependencies).toBeUndefined()
  expect(Object.keys(description.scripts).filter((name) => /install|prepare/.test(name))).toEqual([])
})
