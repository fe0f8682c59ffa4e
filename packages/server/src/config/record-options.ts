import { z } from 'zod'
import { recordLimits } from './record-limits.js'
import { choice, count, list, text, url } from './option.js'

const MANY = 1_000_000_000

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
  recordDeleteAfter: count(0, 1_000_000, 0, 'files are deleted so many hours after their last frame; 0 keeps them'),
  recordMaxMegabytes: count(0, MANY, 0, 'the oldest files are deleted beyond so many megabytes in all; 0 is no limit'),
  recordMinFree: count(0, MANY, 1024, 'the same while less than so many megabytes of the disk are free'),
  recordUpload: url(['http://', 'https://'], {
    description:
      'S3-compatible store for finished files, https://HOST/BUCKET or https://HOST/BUCKET/PREFIX; files are deleted here only when the store has them',
  }),
  recordUploadKey: text({ takes: 'TEXT', description: 'access key id of the store' }),
  recordUploadSecret: text({ takes: 'TEXT', secret: true, description: 'secret access key of the store' }),
  recordUploadRegion: text({ takes: 'TEXT', description: 'region of the store (default: us-east-1)' }),
} as const
