import type { Position } from './address.js'

/** Request targets, and what each asks for: stream, file and the number of query fields; undefined: nothing of HLS. */
export const addressCases: readonly (readonly [target: string, asks: string | undefined])[] = [
  ['/hls/live/a/index.m3u8', 'live/a index.m3u8 0'],
  ['/hls/live/a/index.m3u8?token=x&_HLS_msn=3', 'live/a index.m3u8 2'],
  ['/hls/live/%61/x.1.m4s?', 'live/a x.1.m4s 0'],
  ['/hls/r/tok_en-1/_a-b.mp4', 'r/tok_en-1 _a-b.mp4 0'],
  ['/hls/live/a', undefined],
  ['/hls/live/a/', undefined],
  ['/hls/live/a/.mp4', undefined],
  ['/hls/live/a/../index.m3u8', undefined],
  ['/hls/live/%/index.m3u8', undefined],
  ['/hls/live/a/b/index.m3u8', undefined],
  ['/live/a/index.m3u8', undefined],
  [`/hls/live/a/${'x'.repeat(65)}`, undefined],
]

/** Queries, and the reload that each asks for. */
export const reloadCases: readonly (readonly [query: string, asks: Position | 'wrong' | undefined])[] = [
  ['', undefined],
  ['token=1', undefined],
  ['_HLS_msn=0', { segment: 0, part: undefined }],
  ['_HLS_msn=1796103695&_HLS_part=12', { segment: 1_796_103_695, part: 12 }],
  ['_HLS_skip=YES&_HLS_msn=7', { segment: 7, part: undefined }],
  ['_HLS_part=1', 'wrong'],
  ['_HLS_msn=', 'wrong'],
  ['_HLS_msn=-1', 'wrong'],
  ['_HLS_msn=1.5', 'wrong'],
  ['_HLS_msn=1e3', 'wrong'],
  ['_HLS_msn=0x10', 'wrong'],
  ['_HLS_msn=99999999999999999999', 'wrong'],
  ['_HLS_msn=9999999999999999', 'wrong'],
  ['_HLS_msn=1&_HLS_part=', 'wrong'],
]
