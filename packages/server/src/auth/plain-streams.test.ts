import { beforeEach, expect, test } from 'vitest'
import { Audit, createLog, silentLog, type Log } from '../observe/index.js'
import { FailureGuard } from './failure-guard.js'
import type { Grant, Refusal, StreamRequest } from './gate.js'
import type { HookAnswer, Hooks, PublishEnd } from './hooks.js'
import { PlainStreams } from './plain-streams.js'
import type { PlainStreamOptions } from './plain-streams.js'
import { deriveKey } from './derived-key.js'
import { Secrets } from './secrets.js'
import { makeStreamToken } from './stream-token.js'
import { makeTxSecret } from './tx-secret.js'

const NOW = 1_700_000_000_000
const SECONDS = NOW / 1000
const SECRET = 'the secret'

const token = (action: 'publish' | 'play', stream = 'x', expiry = SECONDS + 60) =>
  makeStreamToken(SECRET, { action, app: 'live', stream }, expiry)
const tx = (key: string, expiry = SECONDS + 60): Record<string, string> => {
  const txTime = expiry.toString(16).toUpperCase()
  return { txSecret: makeTxSecret(key, 'x', txTime), txTime }
}

let delays: number[]
let log: Log
beforeEach(() => {
  delays = []
  log = silentLog
})

type GateOptions = Partial<PlainStreamOptions> & ConstructorParameters<typeof Secrets>[0]

function makeGate(options: GateOptions = {}, hooks?: Pick<Hooks, 'ask' | 'unpublished'>): PlainStreams {
  const delay = (ms: number) => {
    delays.push(ms)
    return Promise.resolve()
  }
  const guard = new FailureGuard(() => 0, delay)
  const all = { publish: 'token', play: 'token', secret: SECRET, ...options } as const
  const deps = {
    nowMs: () => NOW,
    guard,
    secrets: new Secrets(all),
    audit: new Audit(log),
    hooks: hooks as Hooks | undefined,
  }
  return new PlainStreams(all, deps)
}

function request(overrides: Partial<Omit<StreamRequest, 'query'>> & { query?: Record<string, string> }): StreamRequest {
  return {
    ...{ action: 'publish', protocol: 'rtmp', app: 'live', stream: 'x', remoteAddress: '10.0.0.1', connectionId: 'c' },
    ...overrides,
    query: new Map(Object.entries(overrides.query ?? {})),
  }
}

interface Row {
  readonly claim: string
  readonly gate?: GateOptions
  readonly asks: Parameters<typeof request>[0]
  readonly answer: 'ok' | Refusal['code']
}

const rows: Row[] = [
  { claim: 'open publishing needs nothing', gate: { publish: 'open' }, asks: {}, answer: 'ok' },
  { claim: 'open publishing ignores a wrong token', gate: { publish: 'open' }, asks: { query: { token: 'x' } }, answer: 'ok' },
  { claim: 'open playing beside gated publishing', gate: { play: 'open' }, asks: { action: 'play' }, answer: 'ok' },
  { claim: 'publishing without a token', asks: {}, answer: 'DENIED' },
  { claim: 'playing without a token', asks: { action: 'play', protocol: 'http-flv' }, answer: 'DENIED' },
  { claim: 'a token in the query of RTMP', asks: { query: { token: token('publish') } }, answer: 'ok' },
  { claim: 'a token in the query of FLV', asks: { action: 'play', protocol: 'ws-flv', query: { token: token('play') } }, answer: 'ok' },
  { claim: 'a bearer token by WHIP', asks: { protocol: 'whip', bearer: token('publish') }, answer: 'ok' },
  { claim: 'a bearer token by WHEP', asks: { action: 'play', protocol: 'whep', bearer: token('play') }, answer: 'ok' },
  { claim: 'a play token does not publish', asks: { query: { token: token('play') } }, answer: 'DENIED' },
  { claim: 'a publish token does not play', asks: { action: 'play', query: { token: token('publish') } }, answer: 'DENIED' },
  { claim: 'a token of another stream', asks: { query: { token: token('publish', 'y') } }, answer: 'DENIED' },
  { claim: 'a token that expired', asks: { query: { token: token('publish', 'x', SECONDS - 61) } }, answer: 'EXPIRED' },
  { claim: 'a token that expired within the leeway', asks: { query: { token: token('publish', 'x', SECONDS - 59) } }, answer: 'ok' },
  { claim: 'a txSecret on RTMP', asks: { query: tx(SECRET) }, answer: 'ok' },
  { claim: 'a txSecret on FLV', asks: { action: 'play', protocol: 'http-flv', query: tx(SECRET) }, answer: 'ok' },
  { claim: 'a txSecret on WHIP', asks: { protocol: 'whip', ignoresTxSecret: true, query: tx(SECRET) }, answer: 'DENIED' },
  { claim: 'a txSecret that expired', asks: { query: tx(SECRET, SECONDS - 61) }, answer: 'EXPIRED' },
  { claim: 'a txSecret of another key', asks: { query: tx('another') }, answer: 'DENIED' },
  { claim: 'a txSecret without its time', asks: { query: { txSecret: tx(SECRET)['txSecret']! } }, answer: 'DENIED' },
  { claim: 'a play txSecret of the play key', gate: { txPlayKey: 'p' }, asks: { action: 'play', query: tx('p') }, answer: 'ok' },
  { claim: 'the publish txSecret when there is a play key', gate: { txPlayKey: 'p' }, asks: { action: 'play', query: tx(SECRET) }, answer: 'DENIED' },
  { claim: 'a play txSecret used to publish', gate: { txPlayKey: 'p' }, asks: { query: tx('p') }, answer: 'DENIED' },
  { claim: 'a txSecret of the derived key', asks: { query: tx(deriveKey(SECRET, 'tx-secret')) }, answer: 'ok' },
  { claim: 'a txSecret of the key of another purpose', asks: { query: tx(deriveKey(SECRET, 'hook')) }, answer: 'DENIED' },
  { claim: 'a token of the secret before', gate: { secret: 'new', previous: { secret: SECRET } }, asks: { query: { token: token('publish') } }, answer: 'ok' },
  { claim: 'a txSecret of the secret before', gate: { secret: 'new', previous: { secret: SECRET } }, asks: { query: tx(SECRET) }, answer: 'ok' },
  { claim: 'a token of the secret before that', gate: { secret: 'newest', previous: { secret: 'new' } }, asks: { query: { token: token('publish') } }, answer: 'DENIED' },
  { claim: 'an old token that expired', gate: { secret: 'new', previous: { secret: SECRET } }, asks: { query: { token: token('publish', 'x', SECONDS - 61) } }, answer: 'EXPIRED' },
  { claim: 'a bad name', gate: { publish: 'open' }, asks: { stream: '../x' }, answer: 'BAD_NAME' },
  { claim: 'a reserved name', gate: { publish: 'open' }, asks: { app: 'api' }, answer: 'RESERVED_NAME' },
] // prettier-ignore

test.each(rows)('$claim: $answer', async ({ gate, asks, answer }) => {
  const admission = await makeGate(gate).admit(request(asks))
  expect(admission.ok ? 'ok' : admission.code).toBe(answer)
  if (admission.ok) expect(admission.key.label).toBe('live/x')
  else expect(admission.sentence).not.toContain(SECRET)
})

test('the same token is the same subject, another token another, and no subject is a secret', async () => {
  const gate = makeGate({ publish: 'open' })
  const subjectOf = async (query: Record<string, string>) => ((await gate.admit(request({ query }))) as Grant).subject
  const first = await subjectOf({ token: token('publish') })
  expect(await subjectOf({ token: token('publish') })).toBe(first)
  expect(await subjectOf({ token: token('publish', 'x', SECONDS + 61) })).not.toBe(first)
  expect(await subjectOf({})).toBeUndefined()
  expect(await subjectOf({ token: 'wrong' })).toBeUndefined()
  expect(token('publish')).not.toContain(first!.split(':')[1])
})

test('ten wrong tokens of an address and even its right one waits a minute; missing tokens are no guesses', async () => {
  const gate = makeGate()
  for (let i = 0; i < 20; i++) await gate.admit(request({}))
  for (let i = 0; i < 10; i++)
    expect(await gate.admit(request({ query: { token: `p${String(i)}` } }))).toMatchObject({
      code: 'DENIED',
      httpStatus: 401,
    })
  const right = { query: { token: token('publish') } }
  expect(await gate.admit(request(right))).toMatchObject({ code: 'TOO_MANY_FAILURES', httpStatus: 429 })
  expect(delays).toEqual([2000])
  expect(await gate.admit(request({ ...right, remoteAddress: '10.0.0.2' }))).toMatchObject({ ok: true })
})

function fakeHooks(answer: HookAnswer | undefined) {
  const ended: (PublishEnd & { stream: string })[] = []
  const asked: (string | undefined)[] = []
  return {
    ended,
    asked,
    ask: (_request: StreamRequest, subject: string | undefined) => {
      asked.push(subject)
      return Promise.resolve(answer)
    },
    unpublished: (asks: StreamRequest, end: PublishEnd) => {
      ended.push({ stream: asks.stream, ...end })
    },
  }
}

test('a hook is asked last, and may refuse, fail or name the subject', async () => {
  const denied = fakeHooks({ allowed: true })
  await makeGate({}, denied).admit(request({}))
  expect(denied.asked).toEqual([])
  const open = { publish: 'open' } as const
  const refuses = fakeHooks({ allowed: false, refused: true, sentence: 'Not today.' })
  expect(await makeGate(open, refuses).admit(request({}))).toMatchObject({
    code: 'HOOK_REFUSED',
    sentence: 'Not today.',
    httpStatus: 403,
  })
  const fails = fakeHooks({ allowed: false, refused: false, sentence: 'Cannot be asked.' })
  expect(await makeGate(open, fails).admit(request({}))).toMatchObject({ code: 'HOOK_FAILED', httpStatus: 503 })
  const names = fakeHooks({ allowed: true, subject: 'hook:user-7' })
  expect(await makeGate(open, names).admit(request({}))).toMatchObject({ ok: true, subject: 'hook:user-7' })
})

test('on_unpublish is told once, of publishes that were opened', async () => {
  const hooks = fakeHooks({ allowed: true })
  const gate = makeGate({ publish: 'open', play: 'open' }, hooks)
  const never = (await gate.admit(request({ stream: 'never' }))) as Grant
  never.closed('client')
  const viewer = (await gate.admit(request({ action: 'play' }))) as Grant
  viewer.opened()
  viewer.closed('client')
  const publisher = (await gate.admit(request({}))) as Grant
  publisher.opened()
  publisher.closed('timeout')
  publisher.closed('client')
  expect(hooks.ended).toEqual([{ stream: 'x', reason: 'timeout', durationMs: 0, subject: undefined }])
})

test('the demo permits publishing under live without a key, and nowhere else', async () => {
  const gate = makeGate({ demo: true })
  expect((await gate.admit(request({}))).ok).toBe(true)
  expect((await gate.admit(request({ app: 'other' }))).ok).toBe(false)
  expect((await gate.admit(request({ action: 'play' }))).ok).toBe(false)
})

test('refusals are audited with the reason and without the token; admissions and requests without a token are not', async () => {
  const lines: string[] = []
  log = createLog({ level: 'info', destination: { write: (line) => void lines.push(line) }, nowMs: () => 0 })
  const gate = makeGate()
  const wrong = token('publish', 'another')
  for (const query of [{}, { token: token('publish') }, { token: wrong }, { token: token('publish', 'x', 1) }])
    await gate.admit(request({ query: query }))
  expect(lines.join('')).not.toContain(wrong)
  const audited = { level: 'warn', kind: 'audit', what: 'publish', from: '10.0.0.1', stream: 'live/x' }
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { ...audited, code: 'DENIED' },
    { ...audited, code: 'EXPIRED' },
  ])
})
