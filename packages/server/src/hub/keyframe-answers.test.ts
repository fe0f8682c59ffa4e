import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KeyframeAnswers } from './keyframe-answers.js'

const MS = 1000

describe('KeyframeAnswers', () => {
  it('knows nothing before the first request', () => {
    const answers = new KeyframeAnswers()
    answers.keyframe(0)
    expect(answers.isAnswered(10_000 * MS)).toBeUndefined()
  })

  it('is answered by a keyframe within a second', () => {
    const answers = new KeyframeAnswers()
    answers.asked(0)
    expect(answers.isAnswered(900 * MS)).toBeUndefined()
    answers.keyframe(900 * MS)
    expect(answers.isAnswered(60_000 * MS)).toBe(true)
  })

  it('is not answered by silence, and forgives once a later request is', () => {
    const answers = new KeyframeAnswers()
    answers.asked(0)
    expect(answers.isAnswered(1001 * MS)).toBe(false)
    answers.keyframe(5000 * MS)
    expect(answers.isAnswered(5000 * MS)).toBe(false)
    answers.asked(6000 * MS)
    answers.keyframe(6100 * MS)
    expect(answers.isAnswered(6100 * MS)).toBe(true)
  })

  it('never believes an encoder with a long GOP that ignores requests, however often it is asked', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2100, max: 40_000 }),
        fc.integer({ min: 50, max: 900 }),
        fc.integer({ min: 0, max: 900 }),
        (gopMs, everyMs, offsetMs) => {
          const answers = new KeyframeAnswers()
          for (let at = offsetMs; at < gopMs; at += everyMs) answers.asked(at * MS)
          answers.keyframe(gopMs * MS)
          expect(answers.isAnswered(gopMs * MS)).toBe(false)
        },
      ),
    )
  })
})
