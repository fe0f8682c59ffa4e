import { EcmaArray, encodeAmf0Values, encodeUtf8 } from '@crossroom/media'
import { expect, test } from 'vitest'
import { encodeControlValue } from '../message/protocol-control.js'
import { encodeSetBufferLength, encodeUserControl } from '../message/user-control.js'
import { ServerRig, SECOND } from './session.fake.js'

const closedWith = (code: string): unknown =>
  expect.objectContaining({ type: 'closed', error: expect.objectContaining({ code }) as unknown })
const metadata = encodeAmf0Values(['onMetaData', new EcmaArray({ width: 640 })])

test('connect is answered with window, bandwidth, chunk size and _result', () => {
  const rig = new ServerRig().shakeHands()
  rig.command('connect', 1, { app: 'live/', tcUrl: 'rtmp://h/live?a=1', flashVer: 'LNX' })
  const answers = rig.takeAnswers()
  expect(answers.map(({ messageType }) => messageType)).toEqual([5, 6, 20])
  expect(answers.at(-1)?.values).toEqual([
    '_result',
    1,
    { fmsVer: 'FMS/3,5,7,7009', capabilities: 31 },
    { level: 'status', code: 'NetConnection.Connect.Success', description: 'Connection succeeded.', objectEncoding: 0 },
  ])
  expect(rig.events()).toEqual([
    {
      type: 'connect',
      app: 'live',
      tcUrl: 'rtmp://h/live?a=1',
      query: new Map([['a', '1']]),
      flashVer: 'LNX',
      isEnhanced: false,
    },
  ])
})

test.each([{ fourCcList: ['hvc1'] }, { videoFourCcInfoMap: { '*': 4 } }])(
  'Enhanced RTMP is answered in kind: %j',
  (fields) => {
    const rig = new ServerRig().shakeHands()
    rig.command('connect', 1, { app: 'live', ...fields })
    expect(rig.events()).toMatchObject([{ type: 'connect', isEnhanced: true }])
    const [, , properties] = rig.takeAnswers().at(-1)!.values!
    expect(properties).toMatchObject({
      capsEx: 4,
      videoFourCcInfoMap: { hvc1: 4, avc1: 4 },
      audioFourCcInfoMap: { Opus: 4 },
    })
  },
)

test('the commands of OBS and FMLE before publish', () => {
  const rig = new ServerRig().shakeHands()
  rig.command('connect', 1, { app: 'live' })
  rig.takeAnswers()
  rig.command('releaseStream', 2, null, ['key'])
  rig.command('FCPublish', 3, null, ['key'])
  rig.command('createStream', 4, null)
  rig.command('_checkbw', 5, null)
  expect(rig.takeAnswers().map(({ values }) => values)).toEqual([
    ['_result', 2, null, undefined],
    ['_result', 3, null, undefined],
    ['onFCPublish', 0, null, { level: 'status', code: 'NetStream.Publish.Start', description: 'key' }],
    ['_result', 4, null, 1],
    ['_result', 5, null, undefined],
  ])
})

test.each([
  {
    where: 'the stream name',
    tcUrl: 'rtmp://h/live',
    app: 'live',
    name: 'x?token=a&b=%20c',
    query: { token: 'a', b: ' c' },
  },
  { where: 'the application', tcUrl: 'rtmp://h/live', app: 'live?token=a', name: 'x', query: { token: 'a' } },
  { where: 'tcUrl', tcUrl: 'rtmp://h/live?token=a', app: 'live', name: 'x', query: { token: 'a' } },
  {
    where: 'all three, the later first',
    tcUrl: 'rtmp://h/live?t=1&u=1&v=1',
    app: 'live?t=2&u=2',
    name: 'x?t=3',
    query: { t: '3', u: '2', v: '1' },
  },
  {
    where: 'an address with the stream in it',
    tcUrl: 'rtmp://h/live/x?token=a',
    app: 'live/x?token=a',
    name: '',
    query: { token: 'a' },
  },
  {
    where: 'a signature in base64',
    tcUrl: 'rtmp://h/live',
    app: 'live',
    name: 'x?s=a+b/c==&bad=%zz',
    query: { s: 'a+b/c==', bad: '%zz' },
  },
])('arguments are found in $where', ({ tcUrl, app, name, query }) => {
  const rig = new ServerRig().connect({ app, tcUrl })
  rig.command('publish', 3, null, [name, 'live'], 1)
  expect(rig.events()).toEqual([
    {
      type: 'publish',
      streamId: 1,
      app: 'live',
      streamName: 'x',
      query: new Map(Object.entries(query)),
      publishingType: 'live',
    },
  ])
})

test('a publisher is accepted, heard, and says goodbye', () => {
  const rig = new ServerRig().connect()
  rig.command('publish', 3, null, ['x', 'live'], 1)
  expect(rig.events()).toMatchObject([{ type: 'publish' }])
  rig.session.acceptPublish(1)
  expect(rig.takeCodes()).toEqual([4, 'NetStream.Publish.Start'])
  rig.message(18, Uint8Array.of(...encodeAmf0Values(['@setDataFrame']), ...metadata), 0, 1)
  rig.message(8, Uint8Array.of(0xaf, 1), 3_600_000, 1)
  rig.message(9, Uint8Array.of(0x17, 1), 3_600_010, 1)
  expect(rig.events()).toEqual([
    { type: 'media', streamId: 1, messageType: 18, timestampMs: 0, payload: metadata, receivedAt: rig.now },
    {
      type: 'media',
      streamId: 1,
      messageType: 8,
      timestampMs: 3_600_000,
      payload: Uint8Array.of(0xaf, 1),
      receivedAt: rig.now,
    },
    {
      type: 'media',
      streamId: 1,
      messageType: 9,
      timestampMs: 3_600_010,
      payload: Uint8Array.of(0x17, 1),
      receivedAt: rig.now,
    },
  ])
  rig.command('FCUnpublish', 6, null, ['x'])
  rig.command('deleteStream', 7, null, [1])
  expect(rig.events()).toEqual([{ type: 'unpublish', streamId: 1 }])
  rig.message(8, Uint8Array.of(1), 0, 1)
  expect(rig.events()).toEqual([])
})

test('a stream can be published again after closeStream, with timestamps of its own', () => {
  const rig = new ServerRig().publish()
  rig.message(9, Uint8Array.of(1), 0xfffffff0, 1)
  rig.command('closeStream', 0, null, [], 1)
  rig.command('publish', 8, null, ['y'], 1)
  rig.session.acceptPublish(1)
  rig.message(9, Uint8Array.of(2), 5, 1)
  expect(rig.events()).toMatchObject([
    { type: 'media', timestampMs: 0xfffffff0 },
    { type: 'unpublish' },
    { type: 'publish', streamName: 'y', publishingType: '' },
    { type: 'media', timestampMs: 5 },
  ])
})

test('media in AMF3 wrapping, aggregates and wrong message stream ids', () => {
  const rig = new ServerRig().publish()
  const tag = (type: number, timestamp: number, ...body: number[]): number[] => [
    ...[type, 0, 0, body.length, 0, 0, timestamp, 0, 0, 0, 0],
    ...body,
    ...[0, 0, 0, 11 + body.length],
  ]
  rig.message(15, Uint8Array.of(0, ...metadata), 0, 1)
  rig.message(22, Uint8Array.from([...tag(8, 50, 1), ...tag(9, 60, 2, 3)]), 1050, 1)
  rig.message(9, Uint8Array.of(4), 1100, 0)
  expect(rig.events()).toMatchObject([
    { messageType: 18, payload: metadata },
    { messageType: 8, timestampMs: 1050, payload: Uint8Array.of(1) },
    { messageType: 9, timestampMs: 1060, payload: Uint8Array.of(2, 3) },
    { messageType: 9, timestampMs: 1100, payload: Uint8Array.of(4) },
  ])
  rig.message(22, Uint8Array.from(tag(8, 50, 1).slice(0, 11)), 1050, 1)
  rig.message(15, Uint8Array.of(3, 1), 0, 1)
  expect(rig.session.counters.ignoredMessages).toBe(2)
})

test('a command in a message of type 17 is AMF0 behind a zero', () => {
  const rig = new ServerRig().connect()
  rig.message(17, Uint8Array.of(0, ...encodeAmf0Values(['publish', 3, null, 'x', 'live'])), 0, 1)
  expect(rig.events()).toMatchObject([{ type: 'publish', streamName: 'x' }])
})

test('a publisher is refused, and may try another name on the same stream', () => {
  const rig = new ServerRig().connect()
  rig.command('publish', 3, null, ['busy', 'live'], 1)
  rig.session.refusePublish(1, 'NetStream.Publish.BadName', 'The stream is being published.')
  expect(rig.takeAnswers().at(-1)).toMatchObject({
    messageStreamId: 1,
    values: [
      'onStatus',
      0,
      null,
      { level: 'error', code: 'NetStream.Publish.BadName', description: 'The stream is being published.' },
    ],
  })
  rig.session.acceptPublish(1)
  expect(rig.takeAnswers()).toEqual([])
  rig.command('publish', 4, null, ['free', 'live'], 1)
  expect(rig.events()).toMatchObject([{ streamName: 'busy' }, { streamName: 'free' }])
})

test('a player is accepted, pauses, and hears the end', () => {
  const rig = new ServerRig().connect()
  rig.command('play', 3, null, ['x?k=v', -2000], 1)
  rig.message(4, encodeSetBufferLength(1, 3000))
  expect(rig.events()).toEqual([
    { type: 'play', streamId: 1, app: 'live', streamName: 'x', query: new Map([['k', 'v']]) },
  ])
  rig.session.acceptPlay(1)
  expect(rig.takeCodes()).toEqual([4, 'NetStream.Play.Reset', 'NetStream.Play.Start', '|RtmpSampleAccess'])
  rig.command('pause', 0, null, [true, 0], 1)
  rig.command('pause', 0, null, [false, 0], 1)
  rig.command('seek', 0, null, [0], 1)
  rig.command('getStreamLength', 9, null, ['x'])
  expect(rig.takeCodes()).toEqual([
    'NetStream.Pause.Notify',
    'NetStream.Unpause.Notify',
    'NetStream.Seek.Failed',
    '_result',
  ])
  expect(rig.events()).toEqual([
    { type: 'pause', streamId: 1, paused: true },
    { type: 'pause', streamId: 1, paused: false },
  ])
  rig.session.endPlay(1)
  expect(rig.takeCodes()).toEqual(['NetStream.Play.UnpublishNotify', 4, 'NetStream.Play.Complete'])
  rig.command('deleteStream', 0, null, [1])
  expect(rig.events()).toEqual([])
})

test('a player that goes before the answer gets none', () => {
  const rig = new ServerRig().connect()
  rig.command('play', 3, null, ['x'], 1)
  rig.command('deleteStream', 0, null, [1])
  rig.session.acceptPlay(1)
  rig.session.refusePlay(1, 'NetStream.Play.StreamNotFound', '')
  expect(rig.takeAnswers()).toEqual([])
  expect(rig.events()).toMatchObject([{ type: 'play' }, { type: 'stopPlay', streamId: 1 }])
})

test('a publisher whose stream is taken over is told why, and its media is dropped', () => {
  const rig = new ServerRig().publish()
  rig.session.endPublish(1, 'NetStream.Publish.Denied', 'Another device took over.')
  rig.message(8, Uint8Array.of(1), 0, 1)
  expect(rig.takeCodes()).toEqual(['NetStream.Publish.Denied'])
  expect(rig.events()).toEqual([])
})

test('unknown calls get an _error if they ask for an answer, and nothing before connect works', () => {
  const rig = new ServerRig().shakeHands()
  rig.command('createStream', 1, null)
  rig.command('connect', 2, { app: 'live' })
  rig.command('launchMissiles', 3, null)
  rig.command('launchMissiles', 0, null)
  rig.command('publish', 4, null, ['x'], 5)
  expect(rig.takeCodes()).toEqual([
    'NetConnection.Call.Failed',
    5,
    6,
    'NetConnection.Connect.Success',
    'NetConnection.Call.Failed',
    'NetConnection.Call.Failed',
  ])
})

test('a second use of a stream is refused, not taken for the first', () => {
  const rig = new ServerRig().publish()
  rig.command('play', 5, null, ['y'], 1)
  expect(rig.takeCodes()).toEqual(['NetStream.Failed'])
  expect(rig.events()).toEqual([])
})

test('a ping is answered with its own time', () => {
  const rig = new ServerRig().connect()
  rig.message(4, encodeUserControl({ event: 6, value: 12_345 }))
  expect(rig.takeAnswers()).toMatchObject([{ messageType: 4, payload: encodeUserControl({ event: 7, value: 12_345 }) }])
})

test('R1: a silent connection is closed after 5 s, even if it sends a byte per second', () => {
  const rig = new ServerRig()
  expect(rig.wakeAt).toBe(rig.now + 5 * SECOND)
  for (let second = 0; second < 5; second++, rig.now += SECOND) {
    rig.session.handleInput(rig.now, Uint8Array.of(3))
    expect(rig.events()).toEqual([])
  }
  expect(rig.events()).toEqual([closedWith('RTMP_HANDSHAKE_TIMEOUT')])
  expect(rig.wakeAt).toBe(Infinity)
})

test('R1: connections that are not accepted are closed after 10 s, accepted ones never', () => {
  const idle = new ServerRig().connect()
  expect(idle.wakeAt).toBe(11 * SECOND)
  idle.now = 11 * SECOND - 1
  expect(idle.events()).toEqual([])
  idle.now = 11 * SECOND
  expect(idle.events()).toEqual([closedWith('RTMP_AUTHORISATION_TIMEOUT')])
  expect(new ServerRig().publish().wakeAt).toBe(Infinity)
})

test('R5: the limits of size hold until a stream is accepted, then the wider ones', () => {
  const large = new Uint8Array(40_000)
  const stranger = new ServerRig().connect()
  stranger.message(9, large, 0, 1)
  expect(stranger.events()).toEqual([closedWith('RTMP_MESSAGE_LENGTH')])
  const publisher = new ServerRig().publish()
  publisher.message(9, large, 0, 1)
  expect(publisher.events()).toMatchObject([{ type: 'media' }])
})

test('R7: whatever window is requested, there is at most one acknowledgement per input, for 32 KiB or more', () => {
  for (const window of [0, 1, 2, 2 ** 32 - 1]) {
    const rig = new ServerRig().publish()
    rig.message(5, encodeControlValue(window))
    let acknowledgements = 0
    for (let sent = 0; sent < 1024 * 1024; sent += 1100) {
      rig.message(9, new Uint8Array(1000), 0, 1)
      const answers = rig.takeAnswers()
      expect(answers.length).toBeLessThanOrEqual(1)
      acknowledgements += answers.length
      rig.events()
    }
    expect(acknowledgements).toBeLessThanOrEqual(32)
    if (window < 3) expect(acknowledgements).toBeGreaterThan(25)
  }
})

test('an acknowledgement carries the number of bytes received', () => {
  const rig = new ServerRig().publish()
  rig.message(5, encodeControlValue(40_000))
  rig.message(9, new Uint8Array(60_000), 0, 1)
  const [acknowledgement] = rig.takeAnswers()
  expect(acknowledgement?.messageType).toBe(3)
  const received = new DataView(acknowledgement!.payload.buffer).getUint32(0)
  expect(received).toBeGreaterThan(63_000)
  expect(received).toBeLessThan(64_500)
})

test('R9: 50 commands at once, 20 a second, then the connection ends', () => {
  const rig = new ServerRig().shakeHands()
  for (let count = 0; count < 50; count++) rig.command('nothing', 0, null)
  expect(rig.events()).toEqual([])
  rig.now += SECOND
  for (let count = 0; count < 20; count++) rig.message(4, encodeUserControl({ event: 6, value: 0 }))
  expect(rig.events()).toEqual([])
  rig.command('nothing', 0, null)
  expect(rig.events()).toEqual([closedWith('RTMP_COMMAND_FLOOD')])
})

test('R9: 8 streams, and a second connect ends the connection', () => {
  const rig = new ServerRig().connect()
  for (let count = 1; count < 8; count++) rig.command('createStream', 9, null)
  expect(rig.takeAnswers().map(({ values }) => values?.at(-1))).toEqual([2, 3, 4, 5, 6, 7, 8])
  rig.command('createStream', 9, null)
  expect(rig.takeCodes()).toEqual(['NetConnection.Call.Failed'])
  rig.command('connect', 1, { app: 'live' })
  expect(rig.events()).toEqual([closedWith('RTMP_SECOND_CONNECT')])
})

test.each(['G', '\x06', '\x16'])('R10: %j as first byte closes without an answer', (first) => {
  const rig = new ServerRig()
  rig.session.handleInput(rig.now, encodeUtf8(first + 'ET / HTTP/1.1'))
  expect(rig.takeAnswers()).toEqual([])
  expect(rig.events()).toEqual([closedWith('RTMP_VERSION')])
})

test('R11: names of more than 1024 characters and arguments of more than 6144 are refused', () => {
  const long = 'x'.repeat(6145)
  for (const name of [long, `x?${long}`, '', '?a=b']) {
    const rig = new ServerRig().connect()
    rig.command('publish', 3, null, [name], 1)
    rig.command('play', 3, null, [name], 1)
    expect(rig.takeCodes()).toEqual(['NetStream.Publish.BadName', 'NetStream.Play.StreamNotFound'])
    expect(rig.events()).toEqual([])
  }
  for (const app of [long, `x?${long}`]) {
    const rig = new ServerRig().shakeHands()
    rig.command('connect', 1, { app })
    expect(rig.takeCodes()).toEqual(['NetConnection.Connect.Rejected'])
    expect(rig.events()).toEqual([closedWith('RTMP_NAME_LENGTH')])
  }
})

test('R11: strange characters arrive as they are, for the owner to judge', () => {
  for (const name of ['../x', 'a\0b', 'a\r\nb', '\u202eabc', '🎥']) {
    const rig = new ServerRig().connect()
    rig.command('publish', 3, null, [name], 1)
    expect(rig.events()).toMatchObject([{ streamName: name }])
  }
})

const types = ['text', 1, true, null, undefined, { a: 1 }, new EcmaArray({ a: 1 }), [1]]
const names = ['connect', 'createStream', 'publish', 'play', 'pause', 'FCPublish', 'FCUnpublish', 'releaseStream']
const moreNames = [
  'closeStream',
  'deleteStream',
  'getStreamLength',
  'seek',
  'play2',
  'receiveAudio',
  '_result',
  'onStatus',
]

test.each([...names, ...moreNames])('R6: %s with every type in every place throws nothing', (name) => {
  for (const value of types) {
    for (const place of [0, 1, 2]) {
      const rig = new ServerRig().publish()
      const at = (index: number, other: (typeof types)[number]) => (index === place ? value : other)
      rig.command(name, 3, at(0, null), [at(1, 'x'), at(2, 'live')], 1)
      rig.command(name, 3, value)
      rig.events()
    }
    const rig = new ServerRig().shakeHands()
    rig.command('connect', 1, { app: value })
    expect(rig.events()).toHaveLength(1)
  }
})

test.each([[], [1, 1], ['connect'], ['connect', 'x'], [null, 1]])('a command %j ends the connection', (...values) => {
  const rig = new ServerRig().shakeHands()
  rig.message(20, encodeAmf0Values(values))
  expect(rig.events()).toEqual([closedWith('RTMP_COMMAND')])
})

test('close is the last word, once', () => {
  const rig = new ServerRig().publish()
  rig.session.close()
  rig.session.close()
  rig.message(8, Uint8Array.of(1), 0, 1)
  rig.now = 1000 * SECOND
  expect(rig.events()).toEqual([{ type: 'closed' }])
  expect(rig.takeAnswers()).toEqual([])
})
