import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mediaOf, tagsOf, type MediaTag } from './flv-media.js'
import { run } from './process.js'
import { AAC, LOW_DELAY } from './push.js'

/** A short FLV file and what is in it. */
export interface Clip {
  readonly path: string
  /** Everything from the first keyframe on: what a viewer gets who was there in time. */
  readonly media: readonly MediaTag[]
}

/** What a clip is made of; each is a list of ffmpeg options. */
export interface ClipOptions {
  /** Default two seconds of a moving test picture, 320×180 at 25 frames per second; empty for none. */
  readonly picture?: readonly string[]
  /** Default two seconds of a 440 Hz tone at 44.1 kHz; empty for none. */
  readonly sound?: readonly string[]
  /** Default {@link LOW_DELAY} and AAC. */
  readonly output?: readonly string[]
}

const SECONDS = '2'

/** The default picture of clips at another size. */
export const pictureOf = (size: string): readonly string[] => [
  ...['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${SECONDS}`],
]
/** The default tone of clips at another sample rate. */
export const toneOf = (sampleRate: number): readonly string[] => [
  ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${String(sampleRate)}:duration=${SECONDS}`],
]

let folder: string | undefined
let clips = 0

/** A path in a folder that is removed with the test process. */
export function temporaryPath(name: string): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'crossroom-test-'))
    process.once('exit', () => rmSync(made, { recursive: true, force: true }))
    folder = made
  }
  return join(folder, `${String(clips++)}-${name}`)
}

/** Makes a clip with ffmpeg, faster than real time. */
export async function makeClip(options: ClipOptions = {}): Promise<Clip> {
  const { picture = pictureOf('320x180'), sound = toneOf(44_100), output } = options
  const path = temporaryPath('clip.flv')
  const coded = output ?? [...LOW_DELAY, '-pix_fmt', 'yuv420p', ...AAC]
  const flv = ['-flvflags', 'no_duration_filesize', '-f', 'flv', path]
  const { code, stderr } = await run('ffmpeg', ['-v', 'error', '-nostdin', ...picture, ...sound, ...coded, ...flv])
  if (code !== 0) throw new Error(`ffmpeg made no clip: ${stderr}`)
  return readClip(path)
}

/** A clip that is there already. */
export async function readClip(path: string): Promise<Clip> {
  return { path, media: mediaOf(tagsOf(await readFile(path))) }
}
