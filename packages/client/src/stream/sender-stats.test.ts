import { expect, test } from 'vitest'
import { captureError } from '../errors.js'
import { preferH264 } from '../media/codecs.js'
import { failureOfCapture, failureOfWhip } from './publish-failure.js'
import type { StatsEntry } from '../media/stats-report.js'
import { sentIn } from './sender-stats.js'

test('H.264 comes first, the mode that splits pictures before the other, and the rest keeps its order', () => {
  const codecs = [
    { mimeType: 'video/VP8' },
    { mimeType: 'video/rtx' },
    { mimeType: 'video/H264', sdpFmtpLine: 'packetization-mode=0;profile-level-id=42001f' },
    { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' },
    { mimeType: 'video/VP9' },
  ]
  expect(preferH264(codecs)).toEqual([codecs[3], codecs[2], codecs[0], codecs[1], codecs[4]])
})

test.each([
  [401, 'refused'],
  [403, 'refused'],
  [404, 'unavailable'],
  [406, 'rejected'],
  [409, 'busy'],
  [429, 'network'],
  [503, 'network'],
])('WHIP %i means %s', (status, reason) => {
  expect(failureOfWhip(status, ' A sentence. \n')).toEqual({ reason, detail: 'A sentence.' })
})

test.each([
  ['NotAllowedError', 'denied', 'denied'],
  ['NotFoundError', 'no-device', 'denied'],
  ['OverconstrainedError', 'no-device', 'no-device'],
  ['NotReadableError', 'in-use', 'in-use'],
])('%s means %s for a device and %s for a screen', (name, device, screen) => {
  expect(failureOfCapture(captureError(new DOMException('', name), 'device'))).toEqual({ reason: device })
  expect(failureOfCapture(captureError(new DOMException('', name), 'screen'))).toEqual({ reason: screen })
})

function entries(reports: readonly [string, Omit<StatsEntry, 'id' | 'timestamp'>][]): [string, StatsEntry][] {
  return reports.map(([id, report]) => [id, { id, timestamp: 0, ...report }])
}

const REPORTS = entries([
  ['T', { type: 'transport', selectedCandidatePairId: 'P' }],
  ['P', { type: 'candidate-pair', localCandidateId: 'L', currentRoundTripTime: 0.03 }],
  ['L', { type: 'local-candidate', protocol: 'udp' }],
  ['C', { type: 'codec', mimeType: 'video/H264' }],
  ['D', { type: 'codec', mimeType: 'audio/opus' }],
  ['A', { type: 'outbound-rtp', kind: 'audio', bytesSent: 1000, codecId: 'D' }],
  ['R', { type: 'remote-inbound-rtp', kind: 'video', roundTripTime: 0.02, fractionLost: 0.05 }],
])
const VIDEO: StatsEntry = {
  ...{ id: 'V', timestamp: 0 },
  ...{ type: 'outbound-rtp', kind: 'video', bytesSent: 9000, framesEncoded: 30, frameWidth: 640, frameHeight: 360 },
  ...{ codecId: 'C', remoteId: 'R', qualityLimitationReason: 'bandwidth' },
}

test('sent figures are read from the statistics', () => {
  expect(sentIn(new Map([...REPORTS, ['V', VIDEO]]))).toEqual({
    ...{ bytes: 10_000, pictures: 30, width: 640, height: 360, videoCodec: 'H264', audioCodec: 'opus' },
    ...{ limitation: 'bandwidth', roundTripMs: 20, lost: 0.05, transport: 'udp' },
  })
})

test('no value is invented without a picture or before anything is known', () => {
  expect(sentIn(new Map(REPORTS))).toEqual({ bytes: 1000, audioCodec: 'opus', roundTripMs: 30, transport: 'udp' })
  expect(sentIn(new Map())).toEqual({ bytes: 0 })
})
