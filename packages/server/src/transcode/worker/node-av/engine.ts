import type { Order } from '../../catalog.js'
import type { SnapshotOrder } from '../../ipc/snapshot-order.js'
import type { AudioCodecs } from '../audio-codecs.js'
import { AudioConverter } from '../audio-converter.js'
import type { Converter, Emit, Engine, Studio } from '../converter.js'
import { NodeAvAudioDecoder } from './audio-decoder.js'
import { NodeAvAudioEncoder } from './audio-encoder.js'
import { NodeAvStudio } from './composite/studio.js'
import { loadLibrary, type Library } from './library.js'
import { NodeAvSnapshotConverter } from './snapshot-converter.js'
import { NodeAvVideoConverter } from './video-converter.js'

/** The engine of choice: FFmpeg's libraries inside the codec process. */
export class NodeAvEngine implements Engine {
  readonly name: string
  readonly #library: Library

  constructor(library: Library) {
    this.#library = library
    this.name = `node-av (FFmpeg ${library.getFFmpegInfo().version})`
  }

  /** Rejects when the library is not installed or does not load here. */
  static async load(): Promise<NodeAvEngine> {
    return new NodeAvEngine(await loadLibrary())
  }

  createConverter(order: Order, emit: Emit): Converter {
    return order.kind === 'audio'
      ? new AudioConverter(this.#audio, order, emit)
      : new NodeAvVideoConverter(this.#library, order, emit)
  }

  createSnapshot(order: SnapshotOrder, emit: Emit): Converter {
    return new NodeAvSnapshotConverter(this.#library, order, emit)
  }

  createStudio(): Studio {
    return new NodeAvStudio(this.#library)
  }

  audioCodecs(): AudioCodecs {
    return this.#audio
  }

  readonly #audio: AudioCodecs = {
    isImmediate: true,
    createDecoder: (config, channels, handle) => new NodeAvAudioDecoder(this.#library, config, channels, handle),
    createEncoder: (order, channels, handle) => new NodeAvAudioEncoder(this.#library, order, channels, handle),
  }
}
