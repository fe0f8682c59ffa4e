import { readFileSync } from 'node:fs'
import { FlvStreamReader, FlvTagReader, type MediaFrame, type Micros } from '@crossroom/media'

import type { Camera } from './camera.js'

const MICROS_PER_MS = 1000
const TICK_MS = 5
/** Between the last frame and the first of the next round. */
const GAP: Micros = 40_000

/** An FLV file, looped in real time: no encoder at work, so a machine simulates many phones. */
export class FileCamera implements Camera {
  readonly #frames: readonly MediaFrame[]
  readonly #length: Micros
  #timer: NodeJS.Timeout | undefined
  #next = 0
  #round = 0

  /** Throws when the file cannot be read or holds no frame that can be sent. */
  constructor(path: string) {
    this.#frames = readFrames(path)
    this.#length = this.#frames.at(-1)!.dts - this.#frames[0]!.dts + GAP
  }

  start(handle: (frame: MediaFrame) => void): void {
    const startedAt = performance.now()
    this.#timer = setInterval(() => {
      const now = (performance.now() - startedAt) * MICROS_PER_MS
      for (;;) {
        const frame = this.#frames[this.#next]!
        const shift = this.#round * this.#length - this.#frames[0]!.dts
        if (frame.dts + shift > now) return
        handle({ ...frame, pts: frame.pts + shift, dts: frame.dts + shift })
        this.#next = (this.#next + 1) % this.#frames.length
        if (this.#next === 0) this.#round++
      }
    }, TICK_MS)
  }

  configure(): void {
    // A file is as it is.
  }

  askKeyframe(): void {
    // A file has its keyframes where it has them.
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

function readFrames(path: string): MediaFrame[] {
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch (problem) {
    throw new Error(`The file ${path} cannot be read: ${(problem as Error).message}`, { cause: problem })
  }
  const file = new FlvStreamReader()
  const tags = new FlvTagReader()
  const frames: MediaFrame[] = []
  file.handleInput(bytes)
  for (let tag = file.pollTag(); tag; tag = file.pollTag()) tags.readTag(tag.type, tag.timestampMs, tag.body, 0, frames)
  const first = frames.findIndex(({ keyframe, config }) => keyframe && config.kind === 'video')
  const usable = frames.slice(Math.max(0, first)).sort((one, other) => one.dts - other.dts)
  if (usable.length === 0) throw new Error(`The file ${path} is no FLV with pictures or sound.`)
  return usable
}
