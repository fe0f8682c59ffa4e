import { join, resolve } from 'node:path'
import { ConfigError } from '../config/index.js'
import { JobStore } from '../jobs/index.js'
import {
  parseRecordRule,
  problemOfTemplate,
  recordingKind,
  Recordings,
  type RecordingsOptions,
} from '../record/index.js'
import { compositeOf } from './composites.js'
import type { Core } from './core.js'
import { roomRecorder } from './room-recorder.js'
import type { RoomsPart } from './rooms.js'

/** What is recorded; undefined without a folder for it. */
export function openRecordings(core: Core, part: RoomsPart): Recordings | undefined {
  const { clock, config, hooks, hub, log, metrics, seat, state } = core
  const { rooms } = part
  const rules = config.record.map(parseRecordRule)
  const problem = problemOfTemplate(config.recordPath)
  if (problem !== undefined) throw new ConfigError(`--record-path: ${problem}`)
  const common = config.recordDir ?? (state.path === undefined ? undefined : join(state.path, 'recordings'))
  // Processes of one server do not write into each other's files.
  const folder = common && seat ? join(common, `process-${String(seat.index)}`) : common
  if (folder === undefined) {
    if (rules.length > 0) throw new ConfigError('--record needs a folder: name one with --record-dir.')
    return undefined
  }
  const {
    recordFormat: format,
    recordSegmentSeconds: segmentSeconds,
    recordSegmentMegabytes: segmentMegabytes,
  } = config
  const { recordDeleteAfter, recordMaxMegabytes, recordMinFree, recordUpload } = config
  const recordings = new Recordings({
    keyFile: join(state.path ?? resolve(folder), 'record-key.pem'),
    upload: uploadOf(config),
    retention: {
      ...{ afterHours: recordDeleteAfter, maxMegabytes: recordMaxMegabytes, minFreeMegabytes: recordMinFree },
      keepsUntilUploaded: recordUpload !== undefined,
    },
    ...{ clock, hub, log, nowMs: Date.now, rules, format, segmentSeconds, segmentMegabytes },
    store: new JobStore(state, recordingKind),
    ...{ folder: resolve(folder), template: config.recordPath },
    roleOf: (roomId, userId) => rooms.get(roomId)?.member(userId)?.role,
    membersOf: (roomId) =>
      [...(rooms.get(roomId)?.members ?? [])].map(({ userId, userName: name }) => ({ userId, name })),
    roomChanged: (roomId) => rooms.get(roomId)?.recording.check(),
    awaitRoom: (roomId) => void rooms.visit(roomId).catch(() => undefined),
    compositeOf: (roomId) => compositeOf(roomId, part),
    tell: (event) => hooks?.recorded(event),
  })
  part.recorder = roomRecorder(recordings)
  part.onMember = ({ roomId, userId, userName, is }) => recordings.handleMember(roomId, userId, userName, is)
  metrics.addGauge('recordings', 'Recordings that run or wait for their stream', () => recordings.running)
  metrics.addCounter(
    'record_frames_left_out_total',
    'Frames that are missing in recordings because the record process did not take them',
    () => recordings.framesLeftOut,
  )
  return recordings
}

function uploadOf(config: Core['config']): RecordingsOptions['upload'] {
  const { recordUpload: url, recordUploadKey: keyId, recordUploadSecret: secret, recordUploadRegion } = config
  if (url === undefined) return undefined
  if (keyId === undefined || secret === undefined)
    throw new ConfigError('--record-upload requires --record-upload-key and --record-upload-secret.')
  if (new URL(url).pathname.length < 2)
    throw new ConfigError('--record-upload must name a bucket: https://HOST/BUCKET.')
  return { url, keyId, secret, region: recordUploadRegion ?? 'us-east-1' }
}
