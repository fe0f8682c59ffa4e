// @vitest-environment jsdom
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from 'vitest'
import { Sound } from './sound.js'

let isAllowed = true
let play: MockInstance<() => Promise<void>>

beforeEach(() => {
  isAllowed = true
  play = vi.spyOn(HTMLMediaElement.prototype, 'play')
  play.mockImplementation(() =>
    isAllowed ? Promise.resolve() : Promise.reject(new DOMException('touch first', 'NotAllowedError')),
  )
})

afterEach(() => {
  vi.restoreAllMocks()
})

test('volumes and silences hold for elements that come later, and single ones beat everybody', () => {
  const sound = new Sound({ blocked: () => undefined })
  const [anna, ben] = [new Audio(), new Audio()]
  sound.setVolume('*', 50)
  sound.setVolume('ben', 120)
  sound.setMuted((userId) => userId === 'anna')
  sound.add('anna', anna)
  sound.add('ben', ben)
  expect([anna.volume, anna.muted, ben.volume, ben.muted]).toEqual([0.5, true, 1, false])
  sound.setVolume('*', 20)
  expect(ben.volume).toBe(0.2)
  sound.remove(ben)
  expect(ben.muted).toBe(true)
})

test('sound that is not allowed is told, and resume plays everything', async () => {
  isAllowed = false
  const resumes: (() => Promise<void>)[] = []
  const sound = new Sound({ blocked: (_userId, resume) => resumes.push(resume) })
  const elements = [new Audio(), new Audio()]
  for (const element of elements) sound.add('anna', element)
  await vi.waitFor(() => expect(resumes).toHaveLength(2))
  await expect(resumes[0]!()).rejects.toThrow('touch first')
  isAllowed = true
  await resumes[0]!()
  const played = play.mock.contexts.slice(-2)
  expect(new Set(played)).toEqual(new Set(elements))
})

test('the next click plays it, whatever the page does', async () => {
  isAllowed = false
  const blocked = vi.fn()
  const sound = new Sound({ blocked })
  sound.add('anna', new Audio())
  await vi.waitFor(() => expect(blocked).toHaveBeenCalled())
  isAllowed = true
  play.mockClear()
  document.dispatchEvent(new Event('pointerup'))
  expect(play).toHaveBeenCalledOnce()
  await Promise.resolve()
  await vi.waitFor(() => {
    play.mockClear()
    document.dispatchEvent(new Event('pointerup'))
    expect(play).not.toHaveBeenCalled()
  })
})
