import {
  byteLengthOfAnnexB,
  isEntryPoint,
  isVideoFrame,
  type MediaFrame,
  type Orientation,
  type VideoFrame,
  writeAnnexB,
} from '@crossroom/media'
import type { SnapshotOrder } from '../../ipc/snapshot-order.js'
import type { Converter, Emit, Fail } from '../converter.js'
import { scaledSize } from '../snapshot-size.js'
import { ivfFrame, ivfHead } from './ivf.js'
import { FfmpegProgram } from './program.js'

const TURN: Record<Orientation, string> = {
  0: '',
  90: ',transpose=clock',
  180: ',hflip,vflip',
  270: ',transpose=cclock',
}

/** The same with a program of its own for each picture. */
export class FfmpegSnapshotConverter implements Converter {
  readonly #order: SnapshotOrder
  readonly #emit: Emit
  readonly #fail: Fail
  readonly #frames: VideoFrame[] = []
  #program: FfmpegProgram | undefined

  constructor(order: SnapshotOrder, emit: Emit, fail: Fail) {
    this.#order = order
    this.#emit = emit
    this.#fail = fail
  }

  handleFrame(frame: MediaFrame, warmUp: boolean): void {
    if (!isVideoFrame(frame)) return
    this.#frames.push(frame)
    if (!warmUp) this.#start(frame)
  }

  handleAdvance(): void {
    // One picture is all there is.
  }

  handleKeyframeRequest(): void {
    // The source is asked by the server.
  }

  close(): void {
    this.#program?.close()
    this.#program = undefined
  }

  #start(last: VideoFrame): void {
    const chunks: Buffer[] = []
    const finish = (reason: string): void => {
      // The program ends when it has written the last picture: the last file is what was ordered.
      const bytes = Buffer.concat(chunks)
      if (bytes.length === 0) this.#fail(reason)
      else this.#emit({ ...last, units: [new Uint8Array(bytes)] })
    }
    this.#program = new FfmpegProgram(this.#arguments(last), (chunk) => void chunks.push(chunk), finish)
    this.#program.end(inputOf(this.#frames))
  }

  #arguments({ config }: VideoFrame): string[] {
    const { format, width } = this.#order
    const decoded = { width: config.width, height: config.height, aspect: 1 }
    const size = config.width === 0 ? undefined : scaledSize(decoded, config.orientation, width)
    const scale = size === undefined ? 'null' : `scale=${String(size.width)}:${String(size.height)}`
    const last = `select=eq(n\\,${String(this.#frames.length - 1)}),`
    const codec = format === 'jpeg' ? ['-c:v', 'mjpeg', '-q:v', '4'] : ['-c:v', 'libwebp', '-quality', '75']
    return [
      ...['-threads', '1', '-f', containerOf(config.codec), '-i', 'pipe:0'],
      ...['-vf', `${this.#frames.length > 1 ? last : ''}${scale}${TURN[config.orientation]}`],
      ...['-frames:v', '1', ...codec, '-f', 'image2pipe', 'pipe:1'],
    ]
  }
}

function containerOf(codec: VideoFrame['config']['codec']): string {
  return codec === 'h264' ? 'h264' : codec === 'h265' ? 'hevc' : 'ivf'
}

function inputOf(frames: readonly VideoFrame[]): Uint8Array {
  const { codec, width, height } = frames[0]!.config
  if (codec === 'h264' || codec === 'h265') return Buffer.concat(frames.map(annexBOf))
  return Buffer.concat([ivfHead(codec, width, height), ...frames.map(({ units }, index) => ivfFrame(units[0]!, index))])
}

function annexBOf(frame: VideoFrame): Uint8Array {
  const units = isEntryPoint(frame) ? [...frame.config.parameterSets, ...frame.units] : frame.units
  const bytes = new Uint8Array(byteLengthOfAnnexB(units))
  writeAnnexB(units, bytes, 0)
  return bytes
}
