import { expect, test } from 'vitest'
import { parseRtmpUrl } from './rtmp-url.js'

const plain = { isTls: false, host: 'h', port: 1935, app: 'live', streamName: 'x', tcUrl: 'rtmp://h/live' }

test.each([
  ['rtmp://h/live/x', plain],
  ['RTMP://h:1935/live/x', plain],
  ['rtmp://h:1936/live/x', { ...plain, port: 1936, tcUrl: 'rtmp://h:1936/live' }],
  ['rtmp://h/live/x?token=a/b&c=d', { ...plain, streamName: 'x?token=a/b&c=d' }],
  ['rtmp://h/a/b/x', { ...plain, app: 'a/b', tcUrl: 'rtmp://h/a/b' }],
  ['rtmp://[::1]/live/x', { ...plain, host: '::1', tcUrl: 'rtmp://[::1]/live' }],
  ['rtmps://h/live/x', { ...plain, isTls: true, port: 443, tcUrl: 'rtmps://h/live' }],
  ['rtmps://h:1936/live/x', { ...plain, isTls: true, port: 1936, tcUrl: 'rtmps://h:1936/live' }],
])('reads %s', (text, url) => {
  expect(parseRtmpUrl(text)).toEqual(url)
})

test.each([
  ...[
    '',
    'h/live/x',
    'http://h/live/x',
    'rtmp://',
    'rtmp:///live/x',
    'rtmp://h',
    'rtmp://h/',
    'rtmp://h/x',
    'rtmp://h/live/',
  ],
  ...[
    'rtmp://h:0/live/x',
    'rtmp://h:65536/live/x',
    'rtmp://h:/live/x',
    'rtmp://user:pass@h/live/x',
    'rtmp://h/li ve/x',
  ],
  ...['rtmp://h/live/?x', 'rtmp://h/live/x\n', 'rtmp://h/live/x#y'],
])('refuses %j', (text) => {
  expect(parseRtmpUrl(text)).toBeUndefined()
})
