import { execFileSync } from 'node:child_process'
import { FlvStreamReader, FlvTagReader, isVideoFrame, type MediaFrame, type VideoFrame } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import { gopCacheLimits } from '../../config/limits.js'
import { StreamHub } from '../../hub/stream-hub.js'
import { StreamKey } from '../../hub/stream-key.js'
import { silentLog } from '../../observe/log.js'
import { FakeChildren } from '../codecs.fake.js'
import { Mixer } from '../mix/mixer.js'
import { Transcoder } from '../transcoder.js'
import type { Engine } from '../worker/converter.js'
import { loadLibrary, type Library } from '../worker/node-av/library.js'
import { NodeAvVideoDecoder } from '../worker/node-av/video-decoder.js'
import { Composer } from './composer.js'
import type { Scene, SceneSource } from './scene.js'

export const SECOND = 1_000_000
export const FPS = 25
export const STEP = SECOND / FPS

const LIMITS = {
  gopCache: gopCacheLimits,
  graceMicros: 15 * SECOND,
  silentMicros: 10 * SECOND,
  headerWaitMicros: 500_000,
  trackSilentMicros: 5 * SECOND,
}

/** On a virtual clock it does not matter what a busy machine needs for a picture. */
const willing = (): undefined => undefined

export const keyOf = (name: string): StreamKey => StreamKey.room(name)

/** A second of one colour, as H.264 with a keyframe at its start. */
export function colourFrames(colour: string, size: string): VideoFrame[] {
  const source = `color=${colour}:size=${size}:rate=25:duration=1`
  const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p']
  const args = ['-v', 'error', '-nostdin', '-f', 'lavfi', '-i', source, ...coding, '-f', 'flv', '-']
  const file = new FlvStreamReader()
  const tags = new FlvTagReader()
  const frames: MediaFrame[] = []
  file.handleInput(execFileSync('ffmpeg', args, { stdio: ['ignore', 'pipe', 'pipe'] }))
  for (let tag = file.pollTag(); tag !== undefined; tag = file.pollTag())
    tags.readTag(tag.type, tag.timestampMs, tag.body, 0, frames)
  return frames.filter(isVideoFrame)
}

/** A member that sends a coloured picture 25 times a second while it is told to. */
export interface Sender {
  readonly key: StreamKey
  isStalled: boolean
  leave(): void
}

/** A composer with real codecs in this process, on a virtual clock. */
export function stage(engine: Engine | null, font?: string) {
  const clock = new VirtualClock(1_000_000)
  const children = new FakeChildren(clock, engine)
  const { spawn } = children
  const transcoder = new Transcoder({ clock, log: silentLog, spawn, spare: false })
  transcoder.start()
  const hub = new StreamHub(clock, LIMITS)
  const mixer = new Mixer({ hub, process: transcoder.process('audio'), clock, log: silentLog })
  const composer = new Composer({ hub, mixer, spawn, clock, log: silentLog, font, cores: 4, refusalOf: willing })
  /** Lets virtual time pass until the promise is settled. */
  const settle = async <Result>(promise: Promise<Result>): Promise<Result> => {
    let isOver = false
    const over = (): void => void (isOver = true)
    promise.then(over, over)
    while (!isOver) {
      clock.advance(10_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    return promise
  }
  const send = (name: string, frames: readonly VideoFrame[]): Sender => {
    const key = keyOf(name)
    const info = { id: name, protocol: 'rtmp', remoteAddress: '', onClose: () => undefined }
    const publication = hub.open(key).publish(info)
    let [sent, isOver] = [0, false]
    const sender: Sender = {
      key,
      isStalled: false,
      leave: () => {
        isOver = true
        publication?.end()
        hub.get(key)?.end('ended')
      },
    }
    const next = (): void => {
      if (isOver) return
      const frame = frames[sent % frames.length]!
      const pts = sent * STEP
      sent += 1
      if (!sender.isStalled) publication?.push({ ...frame, pts, dts: pts, receivedAt: clock.now() })
      clock.after(STEP, next)
    }
    next()
    return sender
  }
  /** Plays it; the answer fills with what comes. */
  const watch = (key: StreamKey): MediaFrame[] => {
    const frames: MediaFrame[] = []
    const sink = { handleFrame: (frame: MediaFrame) => void frames.push(frame), handleEnd: () => undefined }
    hub.find(key, SECOND, (stream) => stream?.subscribe(sink, 'live'))
    return frames
  }
  return { clock, children, hub, mixer, composer, settle, send, watch }
}

export function sceneOf(pictures: readonly (StreamKey | SceneSource)[], more: Partial<Scene> = {}): Scene {
  return {
    layout: 'grid',
    names: false,
    colour: '#000000',
    sounds: [],
    ...more,
    pictures: pictures.map((picture) =>
      picture instanceof StreamKey ? { ...shown, key: picture, name: picture.name, person: picture.name } : picture,
    ),
  }
}

export const shown = { isMuted: false, isHidden: false, isLive: false } as const

/** Colours of a picture. */
export interface Seen {
  /** Luma and chroma at a place. */
  at(x: number, y: number): readonly [number, number, number]
}

/** The last picture of those. */
export async function lastPicture(frames: readonly MediaFrame[]): Promise<Seen> {
  return pictures(await loadLibrary(), frames).at(-1)!
}

function pictures(library: Library, frames: readonly MediaFrame[]): Seen[] {
  const video = frames.filter(isVideoFrame)
  const seen: Seen[] = []
  const decoder = new NodeAvVideoDecoder(library, video[0]!.config, ({ data, linesize }) => {
    const planes = data!.map((plane) => Buffer.from(plane))
    const at = (x: number, y: number): [number, number, number] => [
      planes[0]![y * linesize[0]! + x]!,
      planes[1]![(y >> 1) * linesize[1]! + (x >> 1)]!,
      planes[2]![(y >> 1) * linesize[2]! + (x >> 1)]!,
    ]
    seen.push({ at })
  })
  for (const frame of video) decoder.decode(frame)
  decoder.close()
  return seen
}
