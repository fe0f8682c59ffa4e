import { avcRecordCases } from '../h264/sps.cases.js'

const avc1 = '61766331'
const hvc1 = '68766331'
const opus = '4f707573'
const record = avcRecordCases[0].hex
const idr = '00000003 658880'
/** UI24 size of the record and of the frame above. */
const recordSize = (record.length / 2).toString(16).padStart(6, '0')
const idrSize = '000007'

/** Bodies of enhanced video tags (Enhanced RTMP v2, ExVideoTagHeader) and the packet they carry for track 0. */
export const exVideoCases = [
  { name: 'SequenceStart', hex: `90 ${avc1} ${record}`, kind: 'sequenceStart', data: record },
  { name: 'CodedFrames, composition time 80', hex: `91 ${avc1} 000050 ${idr}`, kind: 'frames', data: idr, time: 80 },
  { name: 'CodedFrames, composition time -1', hex: `a1 ${avc1} ffffff ${idr}`, kind: 'frames', data: idr, time: -1 },
  { name: 'CodedFramesX', hex: `93 ${avc1} ${idr}`, kind: 'frames', data: idr, time: 0 },
  {
    name: 'CodedFrames of VP9, which has no composition time',
    hex: '91 76703039 824983',
    kind: 'frames',
    data: '824983',
  },
  { name: 'SequenceEnd', hex: `92 ${avc1}`, kind: 'sequenceEnd' },
  { name: 'Metadata (HDR)', hex: `94 ${avc1} 020009636f6c6f72496e666f`, kind: 'nothing' },
  { name: 'MPEG2TSSequenceStart', hex: '95 61763031 00', kind: 'nothing' },
  { name: 'a command frame: start of seek', hex: 'd1 00', kind: 'nothing' },
  { name: 'a FourCC that is not carried', hex: '91 76766331 000000 00', kind: 'unsupported' },
  {
    name: 'ModEx with 3 bytes of nanoseconds',
    hex: `97 02 0f4240 01 ${avc1} 000000 ${idr}`,
    kind: 'frames',
    data: idr,
  },
  { name: 'ModEx twice', hex: `97 02 0f4240 07 00 aa 13 ${avc1} ${idr}`, kind: 'frames', data: idr },
  {
    name: 'ModEx of 256 bytes, whose size takes three bytes',
    hex: `97 ff 00ff ${'aa'.repeat(256)} 03 ${avc1} ${idr}`,
    kind: 'frames',
    data: idr,
  },
  { name: 'multitrack, one track, 0', hex: `96 01 ${avc1} 00 000000 ${idr}`, kind: 'frames', data: idr },
  { name: 'multitrack, one track, 5', hex: `96 01 ${avc1} 05 000000 ${idr}`, kind: 'nothing', others: 1 },
  {
    name: 'multitrack, two tracks of one codec',
    hex: `96 13 ${avc1} 01 ${idrSize} 00000003 419a22 00 ${idrSize} ${idr}`,
    kind: 'frames',
    data: idr,
    others: 1,
  },
  {
    name: 'multitrack, sequence headers of two codecs',
    hex: `96 20 ${avc1} 00 ${recordSize} ${record} ${hvc1} 01 000002 0101`,
    kind: 'sequenceStart',
    data: record,
    others: 1,
  },
] as const

/** Bodies that contradict themselves or end inside the header. */
export const malformedExVideo = [
  { name: 'nothing behind the flags', hex: '90' },
  { name: 'half a FourCC', hex: '90 6176' },
  { name: 'half a composition time', hex: `91 ${avc1} 0000` },
  { name: 'ModEx without size', hex: '97' },
  { name: 'ModEx longer than the tag', hex: '97 20 aabb' },
  { name: 'ModEx of 65536 bytes', hex: '97 ff ffff aabb' },
  { name: 'ModEx without an end', hex: `97 ${'00aa07'.repeat(30)}` },
  { name: 'multitrack without type', hex: '96' },
  { name: 'multitrack inside multitrack', hex: `96 06 ${avc1} 00` },
  { name: 'multitrack type 3', hex: `96 31 ${avc1} 00` },
  { name: 'a track longer than the tag', hex: `96 11 ${avc1} 00 ffffff ${idr}` },
  { name: 'a track head cut short', hex: `96 11 ${avc1} 00 00` },
  { name: 'a second codec cut short', hex: `96 21 ${avc1} 00 000001 aa 6876` },
] as const

/** Bodies of enhanced audio tags (ExAudioTagHeader). */
export const exAudioCases = [
  { name: 'SequenceStart of AAC', hex: '90 6d703461 1188', kind: 'sequenceStart', data: '1188' },
  { name: 'CodedFrames of Opus', hex: `91 ${opus} fc00`, kind: 'frames', data: 'fc00' },
  { name: 'CodedFrames of MP3', hex: '91 2e6d7033 fffb', kind: 'frames', data: 'fffb' },
  { name: 'SequenceEnd', hex: `92 ${opus}`, kind: 'sequenceEnd' },
  { name: 'MultichannelConfig', hex: `94 ${opus} 01020000000003`, kind: 'nothing' },
  { name: 'FLAC, which is not carried', hex: '91 664c6143 00', kind: 'unsupported' },
  { name: 'ModEx', hex: `97 02 0f4240 01 ${opus} fc00`, kind: 'frames', data: 'fc00' },
  {
    name: 'multitrack, two tracks of two codecs',
    hex: `95 21 6d703461 01 000001 aa ${opus} 00 000002 fc00`,
    kind: 'frames',
    data: 'fc00',
    others: 1,
  },
] as const
