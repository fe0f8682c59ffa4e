import { isAudioFrame, isVideoFrame, type MediaFrame } from '@crossroom/media'
import { beforeAll, expect, test } from 'vitest'
import { aacFrames } from '../codec-process.fake.js'
import { NodeAvEngine } from '../worker/node-av/engine.js'
import {
  colourFrames,
  keyOf,
  lastPicture,
  sceneOf,
  SECOND,
  shown,
  stage,
  STEP,
  type Sender,
} from './composites.fake.js'
import { fontFile } from './font-file.js'

const FORMAT = { width: 320, height: 180, fps: 25 }
/** Luma and chroma of the colours as ffmpeg makes them. */
const COLOURS = { red: [81, 90, 240], lime: [145, 54, 34], blue: [41, 240, 110] } as const
type ColourName = keyof typeof COLOURS

let nodeAv: NodeAvEngine
const coloured = {} as Record<ColourName, ReturnType<typeof colourFrames>>

beforeAll(async () => {
  nodeAv = await NodeAvEngine.load()
  for (const colour of ['red', 'lime', 'blue'] as const) coloured[colour] = colourFrames(colour, '320x180')
})

function expectColour(seen: readonly number[], wanted: readonly number[]): void {
  for (const [index, value] of seen.entries()) expect(Math.abs(value - wanted[index]!)).toBeLessThan(12)
}

/** Every picture of its time is there. */
function expectEveryPicture(frames: readonly MediaFrame[], least: number): void {
  const times = frames.filter(isVideoFrame).map(({ pts }) => pts)
  expect(times.length).toBeGreaterThanOrEqual(least)
  for (const [index, time] of times.slice(1).entries())
    expect(Math.abs(time - times[index]! - STEP)).toBeLessThanOrEqual(1)
}

test('two members side by side, whole, on the background; the same stream has mixed sound on the same clock', async () => {
  const { clock, hub, composer, settle, send, watch } = stage(nodeAv)
  send('a', coloured.red)
  send('b', coloured.blue)
  const voice = hub
    .open(keyOf('v'))
    .publish({ id: 'v', protocol: 'rtmp', remoteAddress: '', onClose: () => undefined })!
  const sound = aacFrames('sine=frequency=440:sample_rate=48000,volume=0.3', 48_000, 1, 3)
  const speak = (index: number): void => {
    const frame = sound[index]
    if (frame === undefined) return
    voice.push({ ...frame, receivedAt: clock.now() })
    clock.after(21_333, () => speak(index + 1))
  }
  speak(0)
  const scene = sceneOf([keyOf('a'), keyOf('b')], { sounds: [keyOf('v')], colour: '#00ff00' })
  await settle(composer.open({ roomId: 'r', key: keyOf('all'), format: FORMAT, scene, background: undefined }))
  const frames = watch(keyOf('all'))
  clock.advance(2 * SECOND)
  expectEveryPicture(frames, 45)
  const picture = await lastPicture(frames)
  expectColour(picture.at(80, 90), COLOURS.red)
  expectColour(picture.at(240, 90), COLOURS.blue)
  expectColour(picture.at(160, 10), COLOURS.lime)
  const heard = frames.filter(isAudioFrame)
  expect(heard.length).toBeGreaterThan(80)
  const [lastSound, lastShown] = [heard.at(-1)!.pts, frames.filter(isVideoFrame).at(-1)!.pts]
  expect(Math.abs(lastShown - lastSound)).toBeLessThan(90_000)
})

test('it costs no CPU until it is played, ends after its last viewer, and comes again', async () => {
  const { clock, hub, composer, settle, send } = stage(nodeAv)
  send('a', coloured.red)
  const scene = sceneOf([keyOf('a')])
  const composite = await settle(
    composer.open({ roomId: 'r', key: keyOf('all'), format: FORMAT, scene, background: undefined }),
  )
  clock.advance(SECOND)
  expect(composite.status.isRunning).toBe(false)
  let leave: () => void = () => undefined
  const play = (): void => {
    hub.find(keyOf('all'), SECOND, (stream) => {
      leave = stream!.subscribe({ handleFrame: () => undefined, handleEnd: () => undefined }, 'live')
    })
    clock.advance(SECOND)
  }
  play()
  expect(composite.status.isRunning).toBe(true)
  leave()
  clock.advance(10 * SECOND)
  expect(composite.status.isRunning).toBe(false)
  play()
  expect(composite.status.isRunning).toBe(true)
  composite.close()
  expect(hub.get(keyOf('all'))).toBeUndefined()
  expect(composer.status).toEqual({ announced: 0, running: 0, skipped: 0 })
})

test('the layout changes while it runs: the first is big, the second is an inset', async () => {
  const { clock, composer, settle, send, watch } = stage(nodeAv)
  send('a', coloured.red)
  send('b', coloured.blue)
  const keys = [keyOf('a'), keyOf('b')]
  const composite = await settle(
    composer.open({ roomId: 'r', key: keyOf('all'), format: FORMAT, scene: sceneOf(keys), background: undefined }),
  )
  const frames = watch(keyOf('all'))
  clock.advance(SECOND)
  composite.update(sceneOf(keys, { layout: 'pip' }))
  clock.advance(SECOND)
  expectEveryPicture(frames, 45)
  const picture = await lastPicture(frames)
  expectColour(picture.at(20, 20), COLOURS.red)
  expectColour(picture.at(264, 141), COLOURS.blue)
  composite.update(sceneOf([keys[1]!, keys[0]!], { layout: 'one' }))
  clock.advance(SECOND)
  expectColour((await lastPicture(frames)).at(264, 141), COLOURS.blue)
  expectColour((await lastPicture(frames)).at(20, 20), COLOURS.blue)
})

test('a silent source keeps its last picture, then shows its name; one that is hidden shows it at once', async () => {
  const { clock, composer, settle, send, watch } = stage(nodeAv, fontFile(undefined))
  const sender = send('a', coloured.lime)
  const source = { ...shown, key: keyOf('a'), name: '张三 Ann', person: 'a' }
  const scene = sceneOf([source], { names: true })
  const composite = await settle(
    composer.open({ roomId: 'r', key: keyOf('all'), format: FORMAT, scene, background: undefined }),
  )
  const frames = watch(keyOf('all'))
  clock.advance(SECOND)
  sender.isStalled = true
  clock.advance(4 * SECOND)
  expectColour((await lastPicture(frames)).at(160, 40), COLOURS.lime)
  clock.advance(2 * SECOND)
  const plate = await lastPicture(frames)
  expect(plate.at(160, 40)[0]).toBeLessThan(120)
  const luma = Array.from({ length: 300 }, (_, x) => plate.at(10 + x, 90)[0])
  expect(Math.max(...luma)).toBeGreaterThan(180)
  sender.isStalled = false
  clock.advance(2 * SECOND)
  expectColour((await lastPicture(frames)).at(160, 40), COLOURS.lime)
  composite.update(sceneOf([{ ...source, isHidden: true }], { names: true }))
  clock.advance(100_000)
  expect((await lastPicture(frames)).at(160, 40)[0]).toBeLessThan(120)
  expectEveryPicture(frames, 200)
})

test('a turned picture is upright, and a change of size shows no gap', async () => {
  const { clock, composer, settle, send, watch } = stage(nodeAv)
  const turned = coloured.red.map((frame) => frame)
  const config = { ...turned[0]!.config, orientation: 90 } as const
  send(
    'a',
    turned.map((frame) => ({ ...frame, config })),
  )
  const scene = sceneOf([keyOf('a')])
  await settle(composer.open({ roomId: 'r', key: keyOf('all'), format: FORMAT, scene, background: undefined }))
  const frames = watch(keyOf('all'))
  clock.advance(SECOND)
  const picture = await lastPicture(frames)
  // 180 × 320 in 320 × 180 is about 101 wide.
  expectColour(picture.at(160, 90), COLOURS.red)
  expectColour(picture.at(160, 4), COLOURS.red)
  expectColour(picture.at(90, 90), [16, 128, 128])
})

test(
  '100 joins, stalls and leaves from a seed: every picture is there, and the last shows who is in',
  { timeout: 120_000 },
  async () => {
    const seed = 7
    let state = seed
    const random = (): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
      return state / 0x80000000
    }
    const { clock, composer, settle, send, watch } = stage(nodeAv)
    const small = { red: coloured.red, blue: colourFrames('blue', '180x320') }
    const present = new Map<string, { readonly sender: Sender; readonly colour: 'red' | 'blue' }>()
    const composite = await settle(
      composer.open({ roomId: 'r', key: keyOf('all'), format: FORMAT, scene: sceneOf([]), background: undefined }),
    )
    const frames = watch(keyOf('all'))
    const layouts = ['grid', 'speaker', 'pip', 'one'] as const
    for (let event = 0; event < 100; event++) {
      const names = [...present.keys()]
      const name = names[Math.floor(random() * names.length)]
      if (name === undefined || (random() < 0.4 && names.length < 6)) {
        const colour = random() < 0.5 ? 'red' : 'blue'
        present.set(`m${String(event)}`, { colour, sender: send(`m${String(event)}`, small[colour]) })
      } else if (random() < 0.5) {
        const { sender } = present.get(name)!
        sender.isStalled = !sender.isStalled
      } else {
        present.get(name)!.sender.leave()
        present.delete(name)
      }
      const layout = layouts[Math.floor(random() * 4)]!
      composite.update(sceneOf([...present.keys()].map(keyOf), { layout }))
      clock.advance(Math.round(random() * 200_000))
    }
    for (const [name, { sender }] of [...present]) {
      sender.leave()
      present.delete(name)
    }
    const [left, right] = [send('left', small.red), send('right', small.red)]
    composite.update(sceneOf([left.key, right.key]))
    clock.advance(SECOND)
    expect(composite.status.skipped).toBe(0)
    expectEveryPicture(frames, Math.floor((clock.now() - 3 * SECOND) / STEP) - 100)
    const picture = await lastPicture(frames)
    expectColour(picture.at(80, 90), COLOURS.red)
    expectColour(picture.at(240, 90), COLOURS.red)
  },
)

test('a composite goes on after its process was lost, without another stream for its viewers', async () => {
  const { clock, children, composer, settle, send, watch } = stage(nodeAv)
  send('a', coloured.red)
  const scene = sceneOf([keyOf('a')])
  await settle(composer.open({ roomId: 'r', key: keyOf('all'), format: FORMAT, scene, background: undefined }))
  const frames = watch(keyOf('all'))
  clock.advance(SECOND)
  for (const child of [...children.alive]) child.kill()
  clock.advance(SECOND)
  const before = frames.length
  clock.advance(2 * SECOND)
  expect(frames.length - before).toBeGreaterThan(45)
  const times = frames.filter(isVideoFrame).map(({ pts }) => pts)
  expect(times.every((time, index) => index === 0 || time > times[index - 1]!)).toBe(true)
  const again = frames.slice(before).filter(isVideoFrame)
  expectColour((await lastPicture(again.slice(again.findIndex(({ keyframe }) => keyframe)))).at(160, 90), COLOURS.red)
})

test('without the engine that composes it is refused with a sentence', async () => {
  const { composer, settle } = stage(null)
  const options = { roomId: 'r', key: keyOf('all'), format: FORMAT, scene: sceneOf([]), background: undefined }
  await expect(settle(composer.open(options))).rejects.toThrow('echo is not available: not here')
  expect(composer.status.announced).toBe(0)
})

test('no tile paints over its neighbours, whatever its width', async () => {
  const { clock, composer, settle, send, watch } = stage(nodeAv)
  const format = { width: 384, height: 210, fps: 25 }
  send('a', coloured.red)
  send('b', coloured.lime)
  const scene = sceneOf([keyOf('a'), keyOf('b')], { colour: '#0000ff' })
  await settle(composer.open({ roomId: 'r', key: keyOf('all'), format, scene, background: undefined }))
  const frames = watch(keyOf('all'))
  clock.advance(SECOND)
  const picture = await lastPicture(frames)
  // 190 wide, a gap of 4, 190 wide: beyond the end of a row the next one begins.
  for (const [x, colour] of [
    [0, 'red'],
    [1, 'red'],
    [383, 'lime'],
  ] as const)
    expect(Math.abs(picture.at(x, 105)[0] - COLOURS[colour][0])).toBeLessThan(32)
})
