import { z } from 'zod'
import { recordLimits } from './record-limits.js'
import { choice, count, list, text } from './option.js'

/** The options of recordings, as schema.ts has the others. */
export const recordOptions = {
  record: list(z.string(), {
    takes: 'RULE',
    description:
      'what is recorded by itself: APP/STREAM, APP/*, room:ROOM or room:*, comma-separated; behind it #flv or #mp4, for rooms #role=owner, anchor or device, joined by &',
  }),
  recordDir: text({
    takes: 'DIR',
    description: 'folder of recordings (default: recordings in the folder of --state-dir)',
  }),
  recordPath: z.string('must be a text').trim().default('%path/%Y-%m-%d_%H-%M-%S-%f').meta({
    takes: 'TEMPLATE',
    description: 'path of each file, without its ending, by %path, %Y, %m, %d, %H, %M, %S, %f, %s and %z',
  }),
  recordFormat: choice(['mp4', 'flv'])
    .default('mp4')
    .meta({ takes: 'FORMAT', description: 'mp4 (fragmented) or flv (byte for byte as published)' }),
  recordSegmentSeconds: count(
    recordLimits.minSegmentSeconds,
    recordLimits.maxSegmentSeconds,
    3600,
    'a new file begins at the first keyframe after so many seconds',
  ),
  recordSegmentMegabytes: count(0, 1_000_000, 0, 'the same after so many megabytes; 0 is no limit'),
} as const
