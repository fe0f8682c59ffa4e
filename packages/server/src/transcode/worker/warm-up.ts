import { silentAacConfig, silentAacFrame } from '@crossroom/media'
import { orderFor, RECIPES } from '../catalog.js'
import type { Engine } from './converter.js'

const SECONDS = 1
const SAMPLES_PER_FRAME = 1024
const RATE = 48_000

/**
 * Converts a second of silence: it builds tables and loads and compiles code before the first viewer, who would
 * otherwise wait a tenth of a second.
 */
export function warmUp(engine: Engine): void {
  const recipe = RECIPES.find(({ name }) => name === 'audio-to-opus')!
  const config = silentAacConfig(RATE, 2)
  const units = [silentAacFrame(config)]
  const ignore = (): void => undefined
  const converter = engine.createConverter(orderFor(recipe, {}, config), ignore, ignore)
  for (let samples = 0; samples < SECONDS * RATE; samples += SAMPLES_PER_FRAME) {
    const pts = Math.round((samples * 1e6) / RATE)
    converter.handleFrame({ config, pts, dts: pts, keyframe: true, units, receivedAt: 0, droppable: false }, false)
  }
  converter.close()
}
