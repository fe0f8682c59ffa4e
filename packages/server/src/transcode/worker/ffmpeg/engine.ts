import { execFileSync } from 'node:child_process'
import type { Order } from '../../catalog.js'
import type { SnapshotOrder } from '../../ipc/snapshot-order.js'
import type { AudioCodecs } from '../audio-codecs.js'
import { AudioConverter } from '../audio-converter.js'
import type { Converter, Emit, Engine, Fail } from '../converter.js'
import { FfmpegAudioDecoder } from './audio-decoder.js'
import { FfmpegAudioEncoder } from './audio-encoder.js'
import { FfmpegSnapshotConverter } from './snapshot-converter.js'
import { FfmpegVideoConverter } from './video-converter.js'

const START_MS = 5000
const ENCODERS = ['libopus', 'libx264', 'libvpx', 'aac'] as const

/**
 * The second engine: the system's ffmpeg, a program or two per conversion. It costs more memory and starts later than
 * the first, and needs nothing but itself.
 */
export class FfmpegEngine implements Engine {
  readonly name: string

  private constructor(version: string) {
    this.name = `ffmpeg ${version}`
  }

  /** Throws a sentence without ffmpeg, or if it lacks the encoders. */
  static load(): FfmpegEngine {
    const version = /^ffmpeg version (\S+)/.exec(run(['-version']))?.[1]
    if (version === undefined) throw new Error('what is called ffmpeg here is something else')
    const encoders = run(['-encoders'])
    const missing = ENCODERS.filter((name) => !new RegExp(`^ [AV]\\S* ${name} `, 'm').test(encoders))
    if (missing.length > 0) throw new Error(`ffmpeg ${version} was built without ${missing.join(', ')}`)
    return new FfmpegEngine(version)
  }

  createConverter(order: Order, emit: Emit, fail: Fail): Converter {
    if (order.kind === 'video') return new FfmpegVideoConverter(order, emit, fail)
    return new AudioConverter(this.audioCodecs(fail), order, emit)
  }

  createSnapshot(order: SnapshotOrder, emit: Emit, fail: Fail): Converter {
    return new FfmpegSnapshotConverter(order, emit, fail)
  }

  audioCodecs(fail: Fail): AudioCodecs {
    return {
      isImmediate: false,
      createDecoder: (config, channels, handle) => new FfmpegAudioDecoder(config, channels, handle, fail),
      createEncoder: (audio, channels, handle) => new FfmpegAudioEncoder(audio, channels, handle, fail),
    }
  }
}

function run(args: readonly string[]): string {
  return execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', ...args], {
    encoding: 'utf8',
    timeout: START_MS,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}
