import { expect, test } from 'vitest'
import { MS, SECOND } from '../../../../test/scenarios/stage.js'
import { pushLimits } from '../config/limits.js'
import { PushStage } from './pushes.fake.js'

async function feeding(fields: { readonly isAskable?: boolean } = {}) {
  const stage = new PushStage()
  stage.isAskable = fields.isAskable ?? false
  stage.pushes.open([])
  await stage.add({ stream: 'live/cam' })
  return stage
}
const kinds = (stage: PushStage): string => stage.target.got.map((line) => line.split(' ')[0]).join(' ')

test('sound that comes before the first picture waits for it, and begins with the first packet', async () => {
  const stage = await feeding()
  stage.live()
  const [stream] = stage.hub.list()
  stream!.withhold({ audio: false, video: true })
  stage.target.accept()
  for (let i = 0; i < 3; i++) {
    stage.send('audio')
    await stage.pass(20 * MS)
  }
  expect(kinds(stage)).toBe('')
  stream!.withhold({ audio: false, video: false })
  stage.send('video')
  stage.send('key')
  expect(kinds(stage)).toBe('audio audio audio key')
})

test('sound goes without a picture that does not come', async () => {
  const stage = await feeding()
  stage.live()
  stage.hub.list()[0]!.withhold({ audio: false, video: true })
  stage.target.accept()
  for (let i = 0; i < 10; i++) {
    await stage.pass(20 * MS)
    stage.send('audio')
  }
  const before = stage.target.got.length
  await stage.pass(pushLimits.firstPictureMicros)
  expect(stage.target.got.filter((line) => line.startsWith('audio')).length).toBeGreaterThanOrEqual(10)
  expect(before).toBeLessThanOrEqual(stage.target.got.length)
  stage.send('audio')
  expect(kinds(stage)).not.toContain('video')
})

test('a publisher that can be asked is asked once for the keyframe that a slow target goes on with', async () => {
  const stage = await feeding({ isAskable: true })
  stage.live()
  stage.target.accept()
  const before = stage.keyframeRequests
  stage.target.isFull = true
  for (let i = 0; i < 5; i++) stage.send('video')
  expect(stage.keyframeRequests).toBe(before)
  stage.target.isFull = false
  for (let i = 0; i < 5; i++) stage.send('video')
  expect(stage.keyframeRequests).toBe(before + 1)
  await stage.pass(SECOND)
  stage.send('key')
  expect(kinds(stage)).toMatch(/key$/)
})
