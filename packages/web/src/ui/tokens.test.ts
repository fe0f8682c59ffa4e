import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8')
const declarations = (block: string): string[] =>
  block
    .split(';')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('--'))

test('dark is the same dark whether it is chosen or asked for by the system', () => {
  const asked = /:not\(\[data-theme='light'\]\) \{([^}]*)\}/.exec(css)?.[1] ?? ''
  const chosen = /^:root\[data-theme='dark'\] \{([^}]*--[^}]*)\}/m.exec(css)?.[1] ?? ''
  expect(declarations(asked).length).toBeGreaterThan(15)
  expect(declarations(chosen)).toEqual(declarations(asked))
})
