import { randomBytes } from 'node:crypto'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controlMessage, frameMessage, parseControl, WireReader } from '@crossroom/media'
import { generate } from 'selfsigned'
import { afterEach, expect, test } from 'vitest'
import { until as look } from '../../../../../test/harness/until.js'
import { audioConfig, videoConfig } from '../../../../../test/scenarios/stage.js'
import { relayLimits } from '../../config/index.js'
import { StreamKey } from '../../hub/index.js'
import { systemClock as clock } from '../../net/index.js'
import { challengeOf, prove, type Challenge } from './greeting.js'
import { channelOf, RELAY_TYPE } from './messages.js'
import { RelayCluster, type RelayNode } from './relay.fake.js'

const until = (what: string, seen: () => boolean): Promise<true> => look(what, seen, { everyMs: 5 })
const PLAIN = { security: { kind: 'plain' } } as const

let cluster = new RelayCluster()
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  cluster.close()
  cluster = new RelayCluster()
})

function dial(node: RelayNode) {
  const socket = connect({ host: '127.0.0.1', port: node.port })
  sockets.push(socket)
  const said: { type: number; content: unknown }[] = []
  const reader = new WireReader((message) => said.push({ type: message.type, content: parseControl(message) }))
  socket.on('data', (bytes: Buffer) => reader.push(bytes))
  socket.on('error', () => undefined)
  let isClosed = false
  socket.once('close', () => (isClosed = true))
  const of = (type: number) => said.find((one) => one.type === type)?.content
  return {
    socket,
    of,
    isClosed: () => isClosed,
    until: (type: number) => until('an answer', () => of(type) !== undefined),
  }
}

/** A node that knows the secret and does what it likes with it. */
async function greet(
  node: RelayNode,
  { secret = 'secret', tag = 'X001', instance = 'X001-1', lane = 0, session = 's' } = {},
) {
  const peer = dial(node)
  await peer.until(RELAY_TYPE.challenge)
  const challenge = peer.of(RELAY_TYPE.challenge) as Challenge
  const hello = { ...challengeOf({ tag, instance }, randomBytes(16).toString('hex')), lane, session }
  const proof = prove(secret, 'dials', challenge, hello)
  peer.socket.write(controlMessage(RELAY_TYPE.hello, 0, { ...hello, proof }))
  return peer
}

/** Two nodes with a stream between them that goes on, and a third that the others know. */
async function setting() {
  const [a, b] = [await cluster.node('A001', PLAIN), await cluster.node('B001', PLAIN)]
  const record = { ...cluster.known.get('A001')!.record, tag: 'X001', instance: 'X001-1', relay: '127.0.0.1:9' }
  cluster.tell({ record, state: 'up' })
  await until('the links', () => a.relay.isOpen('B001') && b.relay.isOpen('A001'))
  const key = StreamKey.plain('live/x')
  const publication = a.hub
    .open(key)
    .publish({ id: 'p', protocol: 'rtmp', remoteAddress: '', onClose: () => undefined })!
  cluster.place(key, 'A001')
  let time = 0
  const push = (): void => {
    for (const config of [videoConfig(), audioConfig()]) {
      const fields = { config, dts: time, pts: time, units: [new Uint8Array(9)], receivedAt: clock.now() }
      publication.push({ ...fields, keyframe: true, droppable: false })
    }
    time += 40_000
  }
  push()
  let got = 0
  const stop = b.hub.open(key).subscribe({ kind: 'test', handleFrame: () => got++, handleEnd: () => undefined }, 'gop')
  await until('the copy', () => got > 1)
  /** The stream still crosses. */
  const isAlive = async (): Promise<void> => {
    const before = got
    push()
    await until('frames', () => got >= before + 2)
    expect(a.relay.isOpen('B001') && b.relay.isOpen('A001')).toBe(true)
  }
  return { a, b, isAlive, stop }
}

test('a peer with another secret is told so, and the stream of the others goes on', async () => {
  const { a, isAlive } = await setting()
  const peer = await greet(a, { secret: 'other' })
  await peer.until(RELAY_TYPE.refused)
  expect(peer.of(RELAY_TYPE.refused)).toMatchObject({
    end: 'secret',
    sentence: expect.stringContaining('--secret') as string,
  })
  await until('the end', peer.isClosed)
  await isAlive()
})

test('a proof is worth nothing on another connection', async () => {
  const { a } = await setting()
  const [one, other] = [dial(a), dial(a)]
  await Promise.all([one.until(RELAY_TYPE.challenge), other.until(RELAY_TYPE.challenge)])
  const hello = { ...challengeOf({ tag: 'X001', instance: 'X001-1' }, 'a'.repeat(32)), lane: 0, session: 's' }
  const proof = prove('secret', 'dials', one.of(RELAY_TYPE.challenge) as Challenge, hello)
  other.socket.write(controlMessage(RELAY_TYPE.hello, 0, { ...hello, proof }))
  await other.until(RELAY_TYPE.refused)
})

test.each([
  ['a node that nobody knows', { tag: 'Y001' }],
  ['another life of a node', { instance: 'X001-2' }],
  ['a connection for pictures without one for sound', { lane: 3 }],
])('%s is refused', async (_what, fields) => {
  const { a } = await setting()
  const peer = await greet(a, fields)
  await peer.until(RELAY_TYPE.refused)
  await until('the end', peer.isClosed)
})

test.each([
  ['random bytes before the greeting', (): Uint8Array => randomBytes(5000), false],
  ['a large message before the greeting', () => controlMessage(RELAY_TYPE.hello, 0, 'x'.repeat(5000)), false],
  ['random bytes behind it', () => randomBytes(50_000), true],
  ['a frame to the node that serves', () => frameMessage(1, frameOf())!, true],
  ['a key that is none', () => controlMessage(RELAY_TYPE.want, channelOf(1, 0), { key: 'other:x' }), true],
  ['a control message without an end', () => controlMessage(RELAY_TYPE.want, 256, { key: 'x'.repeat(300_000) }), true],
])('%s costs the connection and nothing else', async (_what, bytes, isGreeted) => {
  const { a, isAlive } = await setting()
  const peer = isGreeted ? await greet(a) : dial(a)
  await peer.until(isGreeted ? RELAY_TYPE.welcome : RELAY_TYPE.challenge)
  peer.socket.write(bytes())
  await until('the end', peer.isClosed)
  await isAlive()
})

test('a flood of requests costs the link, and the stream of the others goes on', async () => {
  const { a, isAlive } = await setting()
  const peer = await greet(a)
  await peer.until(RELAY_TYPE.welcome)
  const many = Buffer.concat(Array.from({ length: 1000 }, () => controlMessage(RELAY_TYPE.keyframe, channelOf(9, 0))))
  for (let sent = 0; sent <= relayLimits.controlBurst + 5000; sent += 1000) peer.socket.write(many)
  await until('the end', peer.isClosed)
  await isAlive()
})

test('a peer that says nothing is closed, before and after the greeting', async () => {
  const { a, isAlive } = await setting()
  const [stranger, peer] = [dial(a), await greet(a)]
  await peer.until(RELAY_TYPE.welcome)
  await until('the ends', () => stranger.isClosed() && peer.isClosed())
  await isAlive()
})

test('with pinned certificates a node without the certificate of its record is refused on either side', async () => {
  const [a, b] = [await cluster.node('A001'), await cluster.node('B001')]
  await until('the links', () => a.relay.isOpen('B001') && b.relay.isOpen('A001'))
  const { record } = cluster.known.get('A001')!
  cluster.tell({ record: { ...record, instance: 'other', fingerprint: 'ab'.repeat(32) }, state: 'up' })
  await until('the refusal', () => b.failures.some((text) => text.includes('A001')))
  expect(b.relay.isOpen('A001')).toBe(false)
})

test('nodes of different secrets find no link, and say why', async () => {
  const a = await cluster.node('A001', { ...PLAIN, secret: 'one' })
  const b = await cluster.node('B001', { ...PLAIN, secret: 'two' })
  await until('the sentence', () => [a, b].every(({ failures }) => failures.some((text) => text.includes('--secret'))))
})

test('nodes with certificates of one authority find each other, and others do not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'crossroom-relay-'))
  const authority = await generate([{ name: 'commonName', value: 'authority' }], {
    keyType: 'ec',
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  })
  const of = async (name: string, ca = authority) => {
    const altNames = [{ type: 7 as const, ip: '127.0.0.1' }]
    const made = await generate([{ name: 'commonName', value: name }], {
      ...{ keyType: 'ec', algorithm: 'sha256' as const, ca: { cert: ca.cert, key: ca.private } },
      extensions: [{ name: 'subjectAltName', altNames }],
    })
    const paths = {
      certPath: join(folder, `${name}.pem`),
      keyPath: join(folder, `${name}.key`),
      caPath: join(folder, 'ca.pem'),
    }
    await Promise.all([
      writeFile(paths.certPath, made.cert),
      writeFile(paths.keyPath, made.private),
      writeFile(paths.caPath, authority.cert),
    ])
    return { security: { kind: 'mtls', ...paths } } as const
  }
  const [a, b] = [await cluster.node('A001', await of('a')), await cluster.node('B001', await of('b'))]
  await until('the links', () => a.relay.isOpen('B001') && b.relay.isOpen('A001'))
  const stranger = await cluster.node(
    'C001',
    await of('c', await generate([{ name: 'commonName', value: 'other' }], { keyType: 'ec', algorithm: 'sha256' })),
  )
  await until('the failure', () => stranger.failures.length > 0 && a.failures.length > 0)
  expect([stranger.relay.isOpen('A001'), a.relay.isOpen('C001')]).toEqual([false, false])
})

function frameOf() {
  const config = audioConfig()
  return { config, dts: 0, pts: 0, units: [new Uint8Array(9)], receivedAt: 0, keyframe: true, droppable: false }
}
