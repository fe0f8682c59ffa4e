import { expect, test } from 'vitest'
import { createLog } from './log.js'
import { Metrics } from './metrics.js'
import { sanitise, sanitiseText } from './sanitise.js'

function makeLog(level: 'debug' | 'info' = 'info') {
  const lines: Record<string, unknown>[] = []
  const time = { now: 0 }
  const write = (line: string) => {
    expect(line.endsWith('\n') && line.indexOf('\n') === line.length - 1).toBe(true)
    lines.push(JSON.parse(line) as Record<string, unknown>)
  }
  return { lines, time, log: createLog({ level, destination: { write }, nowMs: () => time.now }) }
}

test.each([
  ['rtmp://h/live/x?token=abc&a=1', 'rtmp://h/live/x?token=[redacted]&a=1'],
  ['/live/x.flv?a=1&txSecret=00ff&txTime=65', '/live/x.flv?a=1&txSecret=[redacted]&txTime=65'],
  ['push/room?userid=u&usersig=eJw*&sdkappid=1', 'push/room?userid=u&usersig=[redacted]&sdkappid=1'],
  ['?Key=1;sign=2&private_map_key=3', '?Key=[redacted];sign=[redacted]&private_map_key=[redacted]'],
  ['token=abc', 'token=[redacted]'],
  ['a=?token=b', 'a=?token=[redacted]'],
  ['?token=', '?token=[redacted]'],
  ['?token=a?b=c/d&e=f', '?token=[redacted]&e=f'],
  ['Authorization: Bearer abc.def-g', 'Authorization: Bearer [redacted]'],
  ['rtmp://user:pass@host/app', 'rtmp://[redacted]@host/app'],
  ['a=ice-ufrag:x\na=ice-pwd:secret', 'a=ice-ufrag:x\\u{a}a=ice-pwd:[redacted]'],
  ['line one\r\nline two', 'line one\\u{d}\\u{a}line two'],
  ['\u202egnp.exe\u2028\u0000\u001b[2J', '\\u{202e}gnp.exe\\u{2028}\\u{0}\\u{1b}[2J'],
  ['中文 stays', '中文 stays'],
])('%j is written as %j', (text, written) => {
  expect(sanitiseText(text)).toBe(written)
})

test('fields are sanitised to the bottom: secrets by name, bytes by length, errors in short, size and depth bounded', () => {
  const circle: Record<string, unknown> = { a: 1 }
  circle['self'] = circle
  const clean = sanitise({
    ...{ token: 'abc', apiKey: 'k', 'set-cookie': ['a'], secret: undefined, key: 'live/x', payload: new Uint8Array(9) },
    ...{ nested: { url: 'http://h/?token=t', list: ['Bearer abc', 5] }, big: 10n, text: 'x'.repeat(10_000) },
    error: new Error('failed for ?token=abc', { cause: new Error('inner') }),
    circle,
  })
  expect(clean).toMatchObject({
    ...{ token: '[redacted]', apiKey: '[redacted]', 'set-cookie': '[redacted]', key: 'live/x', payload: '<9 bytes>' },
    nested: { url: 'http://h/?token=[redacted]', list: ['Bearer [redacted]', 5] },
    ...{ big: '10', error: { name: 'Error', message: 'failed for ?token=[redacted]', cause: { message: 'inner' } } },
  })
  expect(clean['secret']).toBeUndefined()
  expect((clean['text'] as string).length).toBeLessThan(600)
  expect(JSON.stringify(clean)).not.toContain('abc')
})

test('a line is one JSON object with level, time, message and the fields of its parents', () => {
  const { log, lines } = makeLog()
  log.child({ protocol: 'rtmp', token: 'abc' }).info({ app: 'live' }, 'A publish began')
  log.debug({}, 'Not at this level')
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.any(String) as string,
      protocol: 'rtmp',
      token: '[redacted]',
      app: 'live',
      msg: 'A publish began',
    },
  ])
})

test('a hundred lines per second and kind, then the number of those left out', () => {
  const { log, lines, time } = makeLog()
  for (let i = 0; i < 1000; i++) log.warn({ i }, 'A handshake failed')
  log.warn({}, 'Another kind')
  expect(lines).toHaveLength(101)
  time.now = 1000
  log.info({}, 'Later')
  expect(lines.slice(101)).toMatchObject([
    { level: 'warn', msg: 'Log lines were suppressed', kind: 'A handshake failed', lines: 900 },
    { msg: 'Later' },
  ])
})

test('a million kinds cost no memory: beyond 256 they share one allowance', () => {
  const { log, lines } = makeLog()
  for (let i = 0; i < 10_000; i++) log.info({}, `Kind ${String(i)}`)
  expect(lines).toHaveLength(256 + 100)
})

test('counters, gauges and the join time appear under their names', async () => {
  const metrics = new Metrics()
  metrics.streamOpened()
  metrics.connectionOpened('rtmp')
  metrics.publisherStarted('rtmp')
  metrics.viewerStarted('http-flv')
  metrics.viewerStarted('http-flv')
  metrics.viewerEnded('http-flv')
  metrics.viewerJoined('http-flv', 4_000)
  metrics.refused('ws-flv', 'DENIED')
  metrics.protocolError('rtmp', 'CHUNK_SIZE')
  metrics.traffic('http-flv').bytesOut += 1234
  metrics.traffic('http-flv').framesDropped += 5
  metrics.addGauge('answer', 'For the test', () => 42)
  const text = await metrics.scrape()
  for (const line of [
    'crossroom_streams 1',
    'crossroom_connections{protocol="rtmp"} 1',
    'crossroom_publishers{protocol="rtmp"} 1',
    'crossroom_publishes_total{protocol="rtmp"} 1',
    'crossroom_viewers{protocol="http-flv"} 1',
    'crossroom_joins_total{protocol="http-flv"} 2',
    'crossroom_join_seconds_bucket{le="0.005",protocol="http-flv"} 1',
    'crossroom_join_seconds_bucket{le="0.002",protocol="http-flv"} 0',
    'crossroom_refused_total{protocol="ws-flv",code="DENIED"} 1',
    'crossroom_protocol_errors_total{protocol="rtmp",code="CHUNK_SIZE"} 1',
    'crossroom_out_bytes_total{protocol="http-flv"} 1234',
    'crossroom_dropped_frames_total{protocol="http-flv"} 5',
    'crossroom_answer 42',
  ])
    expect(text.split('\n')).toContain(line)
  metrics.traffic('http-flv').bytesOut += 1
  expect(await metrics.scrape()).toContain('crossroom_out_bytes_total{protocol="http-flv"} 1235')
})

test('codes and stream names cannot grow the metrics without end', async () => {
  const metrics = new Metrics({ streamLabel: true })
  metrics.watchStreams(function* () {
    for (let i = 0; i < 100_000; i++) yield { name: `live/${String(i)}`, viewers: 1, bytesIn: 2, bytesOut: 3 }
  })
  for (let i = 0; i < 1000; i++) metrics.refused('rtmp', `CODE_${String(i)}`)
  const lines = (await metrics.scrape()).split('\n')
  expect(lines.filter((line) => line.startsWith('crossroom_stream_viewers{'))).toHaveLength(1000)
  expect(lines.filter((line) => line.startsWith('crossroom_refused_total{'))).toHaveLength(101)
  expect(lines).toContain('crossroom_refused_total{protocol="rtmp",code="OTHER"} 900')
})

test('stream names stay out of the metrics unless they are wanted', async () => {
  const metrics = new Metrics()
  metrics.watchStreams(() => [{ name: 'live/private', viewers: 1, bytesIn: 2, bytesOut: 3 }])
  expect(await metrics.scrape()).not.toContain('private')
})

test('the process metrics tell the event-loop delay', async () => {
  const metrics = new Metrics()
  metrics.addProcessMetrics()
  expect(await metrics.scrape()).toMatch(/^nodejs_eventloop_lag_p99_seconds /m)
})
