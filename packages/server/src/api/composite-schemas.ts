import { z } from 'zod'
import { compositeLimits } from '../config/index.js'
import { roomParams, userId } from './room-schemas.js'
import { playAddresses } from './schemas.js'

/** The shapes of composites in the REST API. */

const { minSide, maxSide, maxPixels, maxFps } = compositeLimits

const side = z
  .int()
  .min(minSide)
  .max(maxSide)
  .refine((pixels) => pixels % 2 === 0, 'must be even')
const layout = z
  .enum(['grid', 'speaker', 'pip', 'one'])
  .describe('grid: all alike; speaker: the loudest big, the others beside; pip: the others as insets; one: alone')
const background = z
  .string()
  .min(1)
  .describe('#rrggbb, a data: URL, or the absolute path of a PNG, JPEG or WebP file on the server')
const focus = userId.describe('the user in the first place, whoever speaks')

/** `:id` and `:composite` of a path. */
export const compositeParams = roomParams.extend({ composite: z.string().min(1).max(64) })

export const compositeRequest = z
  .strictObject({
    layout: layout.default('grid'),
    width: side.default(1280),
    height: side.default(720),
    fps: z.int().min(1).max(maxFps).default(25),
    except: userId.optional().describe('the user who is neither seen nor heard in it: its receiver'),
    focus: focus.optional(),
    names: z.boolean().optional().describe('default: true where the server has a font'),
    background: background.optional(),
  })
  .refine(({ width, height }) => width * height <= maxPixels, `must have at most ${String(maxPixels)} pixels`)

export const compositeChange = z
  .strictObject({
    layout: layout.optional(),
    names: z.boolean().optional(),
    focus: focus.nullable().optional(),
    background: background.nullable().optional(),
  })
  .describe('absent fields stay as they are; null takes the focus or the background away')

export const compositeInfo = z
  .object({
    id: z.string(),
    stream: z.string().describe('APP/STREAM of its addresses'),
    play: playAddresses,
    layout,
    width: z.int(),
    height: z.int(),
    fps: z.int(),
    names: z.boolean(),
    except: z.string().optional(),
    focus: z.string().optional(),
    state: z.enum(['idle', 'running']).describe('idle: nobody plays, records or forwards it'),
    lagMs: z.int().describe('from the moment of the last picture until it was ready'),
    skipped: z.int().describe('pictures left out because the machine was too slow'),
  })
  .meta({ id: 'Composite' })
