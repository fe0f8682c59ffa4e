import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { recordingFormats, type RecordingFormat } from '../model/journal.js'
import { openContainer } from './container.js'
import { aac, h264, picture, sound } from './frames.fake.js'
import { recoverFile } from './recover.js'

let folder: string
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'recover-'))))
afterAll(() => rmSync(folder, { recursive: true }))

/** Five fragments of 200 ms, and where each ends. */
function fileOf(format: RecordingFormat): { bytes: Uint8Array; ends: number[] } {
  const container = openContainer(format, { video: h264, audio: aac })
  const bytes: number[] = []
  const ends: number[] = []
  for (let part = 0; part < 5; part++) {
    for (let ms = part * 200; ms < part * 200 + 200; ms += 40) {
      container.add(picture(ms, ms === 0))
      container.add(sound(ms + 5))
    }
    for (const piece of container.take(picture(part * 200 + 200, false))) bytes.push(...piece)
    ends.push(bytes.length)
  }
  return { bytes: Uint8Array.from(bytes), ends }
}

test.each(recordingFormats)('a file of %s that ends anywhere keeps all that is whole', async (format) => {
  const { bytes, ends } = fileOf(format)
  const path = join(folder, `file.${format}`)
  let before = 0
  for (let length = 0; length <= bytes.length; length += 7) {
    writeFileSync(path, bytes.subarray(0, length))
    const found = await recoverFile(path, format)
    const whole = ends.filter((end) => end <= length).length
    if (found === undefined) {
      expect(whole).toBe(0)
      expect(existsSync(path)).toBe(false)
      continue
    }
    expect(statSync(path).size).toBe(found.bytes)
    expect(found.bytes).toBeGreaterThanOrEqual(before)
    expect(found.bytes).toBeGreaterThanOrEqual(ends[whole - 1] ?? 0)
    expect(readFileSync(path)).toEqual(Buffer.from(bytes.subarray(0, found.bytes)))
    if (format === 'mp4') expect(found.durationMs).toBe(whole * 200 + (whole > 0 ? 0 : 0))
    before = found.bytes
  }
  expect(before).toBeGreaterThan(0)
})

test.each(recordingFormats)('what is no file of %s is removed, and one that is gone is none', async (format) => {
  const path = join(folder, 'junk')
  for (const junk of [
    new Uint8Array(0),
    new Uint8Array(100),
    Uint8Array.from({ length: 500 }, (_, index) => (index * 37) & 255),
  ]) {
    writeFileSync(path, junk)
    expect(await recoverFile(path, format)).toBeUndefined()
    expect(existsSync(path)).toBe(false)
  }
  expect(await recoverFile(path, format)).toBeUndefined()
})
