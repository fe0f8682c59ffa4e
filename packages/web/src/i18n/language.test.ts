import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { errorCodes } from '@crossroom/protocol'
import { CLIENT_ERRORS } from '@crossroom/client'
import { en } from './en.js'
import { zh } from './zh.js'

const root = new URL('../', import.meta.url)
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !/^i18n\/|\.test\.ts$/.test(path))
  .map((path) => readFileSync(new URL(path, root), 'utf8'))
  .join('\n')

const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort()

test('both dictionaries have the same texts', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort())
  for (const text of [...Object.values(en), ...Object.values(zh)]) expect(text.trim()).not.toBe('')
})

test.each(Object.keys(en) as (keyof typeof en)[])('%s has the same values in both languages', (phrase) => {
  expect(places(zh[phrase])).toEqual(places(en[phrase]))
})

test('Chinese texts use Chinese punctuation', () => {
  for (const [phrase, text] of Object.entries(zh)) expect(text, phrase).not.toMatch(/[\u4e00-\u9fff][,:?]/)
})

test('every failure of the server and of the SDK has words in every language', () => {
  const codes = [...Object.keys(errorCodes), ...Object.keys(CLIENT_ERRORS)]
  for (const words of [en, zh]) expect(codes.filter((code) => !Object.hasOwn(words, code))).toEqual([])
})

test('every text is used: by a page, or as the code of a failure', () => {
  const unused = Object.keys(en).filter(
    (phrase) => !/^[A-Z_]+$/.test(phrase) && !sources.includes(`'${phrase}'`) && !sources.includes(`"${phrase}"`),
  )
  expect(unused).toEqual([])
})

test('every word of a page comes from the texts of its language', () => {
  expect(sources).not.toMatch(/>\s*[A-Z][a-z]+ [a-z]+[^<>{}]*<\//)
})
