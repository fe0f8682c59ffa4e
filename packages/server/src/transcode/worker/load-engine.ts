import type { Engine } from './converter.js'
import { FfmpegEngine } from './ffmpeg/engine.js'
import { NodeAvEngine } from './node-av/engine.js'
import { warmUp } from './warm-up.js'

/** The engine that was found, and a sentence for each that was not. */
export interface LoadedEngine {
  readonly engine?: Engine
  readonly reasons: readonly string[]
}

/** Engines by preference. */
const LOADERS: readonly { readonly name: string; readonly load: () => Engine | Promise<Engine> }[] = [
  { name: 'node-av', load: () => NodeAvEngine.load() },
  { name: 'ffmpeg', load: () => FfmpegEngine.load() },
]

/** Loads the first engine that works, of all or of those in `names`. */
export async function loadEngine(names: readonly string[] = []): Promise<LoadedEngine> {
  const reasons: string[] = []
  for (const { name, load } of LOADERS) {
    if (names.length > 0 && !names.includes(name)) continue
    try {
      const engine = await load()
      warmUp(engine)
      return { engine, reasons }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      reasons.push(`${name} is not available: ${message.split('\n', 1)[0]!}`)
    }
  }
  return { reasons }
}
