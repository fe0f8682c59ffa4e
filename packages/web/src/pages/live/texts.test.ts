import { expect, test } from 'vitest'
import html from '../../live/index.html?raw'
import { TEXTS } from './texts.js'

const places = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort()

test.each(Object.entries(TEXTS))('%s has the same values in both languages', (_key, { en, zh }) => {
  expect(places(zh)).toEqual(places(en))
})

test('every text that the page names is in the table, and stands in it in English until the script runs', () => {
  const named = [...html.matchAll(/data-(text|label)="(\w+)"(?:[^>]*>([^<]*)<)?/g)]
  expect(named.length).toBeGreaterThan(20)
  for (const [, kind, key = '', content = ''] of named) {
    expect(TEXTS).toHaveProperty(key)
    const { en } = TEXTS[key as keyof typeof TEXTS]
    if (kind === 'text' && !html.includes(`data-text="${key}" data-label`)) expect(content).toBe(en)
  }
})

test('Chinese texts use Chinese punctuation', () => {
  for (const [key, { zh }] of Object.entries(TEXTS)) expect(zh, key).not.toMatch(/[\u4e00-\u9fff][,:?]/)
})

test('nothing in the page needs more than the policy default-src self', () => {
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*src=)/)
})
