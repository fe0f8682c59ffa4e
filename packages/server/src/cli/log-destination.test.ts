import { expect, test, vi } from 'vitest'
import { WaitingLines, formatLine } from './log-destination.js'
import type { LineFile } from './log-destination.js'

type Done = Parameters<LineFile['write']>[1]

/** A file that takes bytes when the test says so. */
class SlowFile implements LineFile {
  text = ''
  pending: { bytes: Uint8Array; done: Done } | undefined
  refusal: string | undefined

  write(bytes: Uint8Array, done: Done): void {
    expect(this.pending).toBeUndefined()
    this.pending = { bytes, done }
  }

  writeSync(bytes: Uint8Array): number {
    if (this.refusal !== undefined) throw Object.assign(new Error(this.refusal), { code: this.refusal })
    const part = bytes.subarray(0, 7)
    this.text += new TextDecoder().decode(part)
    return part.length
  }

  take(length = Infinity): void {
    const { bytes, done } = this.pending!
    this.pending = undefined
    const part = bytes.subarray(0, length)
    this.text += new TextDecoder().decode(part)
    done(null, part.length)
  }

  refuse(code: string): void {
    const { done } = this.pending!
    this.pending = undefined
    done(Object.assign(new Error(code), { code }), 0)
  }
}

test('lines come out in order, one write at a time, also when the file takes only a part', () => {
  const file = new SlowFile()
  const lines = new WaitingLines(file)
  lines.add('first\n')
  lines.add('second\n')
  file.take(2)
  file.take()
  file.take()
  expect(file.text).toBe('first\nsecond\n')
  expect(file.pending).toBeUndefined()
})

test('frames that wait together go out in one write', () => {
  const file = new SlowFile()
  const lines = new WaitingLines(file)
  for (const line of ['first\n', 'second\n', 'third\n']) lines.add(line)
  file.take()
  expect(new TextDecoder().decode(file.pending?.bytes)).toBe('second\nthird\n')
})

test('lines that wait when the process ends are written immediately, and none twice', () => {
  const file = new SlowFile()
  const lines = new WaitingLines(file)
  for (const line of ['first\n', 'second\n', 'third\n']) lines.add(line)
  lines.flush()
  file.take()
  expect(file.text).toBe('second\nthird\nfirst\n')
  lines.add('fourth\n')
  file.take()
  expect(file.text).toMatch(/fourth\n$/)
})

test.each(['EPIPE', 'EAGAIN', 'EIO'])('a flush into a file that says %s ends', (code) => {
  const file = new SlowFile()
  const lines = new WaitingLines(file)
  file.refusal = code
  lines.add('first\n')
  lines.add('second\n')
  lines.flush()
  expect(file.text).toBe('')
})

test('after its reader went away, the file is left alone', () => {
  const file = new SlowFile()
  const lines = new WaitingLines(file)
  lines.add('first\n')
  lines.add('second\n')
  file.refuse('EPIPE')
  lines.add('third\n')
  expect(file.pending).toBeUndefined()
  lines.flush()
  expect(file.text).toBe('')
})

test('a file that cannot take a line now is given it again', () => {
  const file = new SlowFile()
  const lines = new WaitingLines(file)
  lines.add('first\n')
  file.refuse('EAGAIN')
  lines.add('second\n')
  file.take()
  file.take()
  expect(file.text).toBe('first\nsecond\n')
})

test.each(['ENOSPC', 'EDQUOT', 'EIO', 'EFBIG'])(
  'after %s the log resumes: nothing that waited is lost, and what was lost is counted',
  (code) => {
    vi.useFakeTimers()
    try {
      const file = new SlowFile()
      const lines = new WaitingLines(file, (lost) => `lost ${String(lost)}\n`)
      lines.add('first\n')
      file.take(3)
      for (let seconds = 0; seconds < 3600; seconds++) {
        file.refuse(code)
        lines.add(`${'x'.repeat(1023)}\n`)
        vi.advanceTimersByTime(1000)
      }
      while (file.pending !== undefined) file.take()
      const kept = 1024 - 1
      expect(file.text).toBe(`first\n${`${'x'.repeat(1023)}\n`.repeat(kept)}lost ${String(3600 - kept)}\n`)
      lines.add('after\n')
      file.take()
      expect(file.text).toMatch(/\nafter\n$/)
    } finally {
      vi.useRealTimers()
    }
  },
)

test('lines are dropped once more than a megabyte waits', () => {
  const file = new SlowFile()
  const lines = new WaitingLines(file)
  const line = `${'x'.repeat(1023)}\n`
  for (let count = 0; count < 2000; count++) lines.add(line)
  while (file.pending !== undefined) file.take()
  const lost = file.text.slice(1024 * 1024)
  expect(JSON.parse(lost)).toMatchObject({ level: 'warn', lost: 976 })
  lines.add('next\n')
  file.take()
  expect(file.text).toMatch(/\nnext\n$/)
})

test('lines for people: time, level, message, then the fields; a value with spaces is quoted', () => {
  const fields = { app: 'live', why: 'a b', n: 5, msg: 'Begun' }
  const line = JSON.stringify({ level: 'info', time: '2026-01-02T03:04:05.678Z', ...fields })
  expect(formatLine(`${line}\n`)).toBe('03:04:05.678 info  Begun  app=live why="a b" n=5\n')
})

test('a line that is none of the log, such as one of a crash, stays as it is', () => {
  expect(formatLine('Error: out of memory\n')).toBe('Error: out of memory\n')
})
