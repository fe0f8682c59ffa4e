import { VirtualClock } from '@crossroom/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Admission, Grant, StreamEndReason } from '../auth/index.js'
import { gopCacheLimits, publisherLimits } from '../config/index.js'
import { Connections, StreamHub, StreamKey } from '../hub/index.js'
import { Metrics, silentLog } from '../observe/index.js'
import { PublishAttempt } from './publish-attempt.js'
import { sound } from './webrtc/send/frames.fake.js'

const SECOND = 1_000_000
const KEY = StreamKey.plain('live/x')

/** A hub, what counts publishers, and grants that write down what happens to them. */
class Stage {
  readonly clock = new VirtualClock()
  readonly hub = new StreamHub(this.clock, { gopCache: gopCacheLimits, ...publisherLimits })
  readonly connections = new Connections()
  readonly metrics = new Metrics()
  readonly told: string[] = []

  grant(
    name: string,
    subject?: string,
    onOpened: (revoke: (reason: StreamEndReason) => void) => void = () => undefined,
  ) {
    let end: ((reason: StreamEndReason) => void) | undefined
    let revoked: StreamEndReason | undefined
    const revoke = (reason: StreamEndReason): void => {
      revoked = reason
      end?.(reason)
    }
    const grant: Grant = {
      ...{ ok: true, key: KEY, subject },
      opened: () => {
        this.told.push(`${name} opened`)
        onOpened(revoke)
      },
      closed: (reason) => void this.told.push(`${name} closed ${reason}`),
      onRevoked: (handler) => {
        end = handler
        if (revoked !== undefined) handler(revoked)
      },
    }
    return { grant, revoke }
  }

  attempt(name: string): PublishAttempt {
    const { hub, clock, connections, metrics } = this
    return new PublishAttempt(
      { hub, clock, connections, metrics, log: silentLog, newConnectionId: () => name },
      {
        ...{ protocol: 'rtmp', connectionId: name, remoteAddress: '192.0.2.1' },
        bytes: () => 0,
        ended: (reason) => void this.told.push(`${name} ended ${reason}`),
      },
    )
  }

  ask(attempt: PublishAttempt, admission: Admission) {
    const request = { action: 'publish', protocol: 'rtmp', app: 'live', stream: 'x', query: new Map() } as const
    const gate = { admit: () => Promise.resolve(admission) }
    return attempt.ask({ gate }, { ...request, remoteAddress: '192.0.2.1', connectionId: 'c' })
  }

  async publishers(): Promise<number> {
    const line = (await this.metrics.scrape()).split('\n').find((one) => /^crossroom_publishers\{.*rtmp/.test(one))
    return Number(line?.split(' ').at(-1) ?? 0)
  }
}

test('an admitted publisher publishes, is listed, and leaves its stream in grace', async () => {
  const stage = new Stage()
  const attempt = stage.attempt('a')
  expect(await stage.ask(attempt, stage.grant('a', 'ann').grant)).toBeUndefined()
  stage.hub.get(KEY)!.subscribe({ handleFrame: () => undefined, handleEnd: () => undefined }, 'live')
  attempt.publication!.push(sound(0))
  expect([attempt.isKnown, stage.connections.size, await stage.publishers()]).toEqual([true, 1, 1])
  attempt.close('client')
  attempt.close('error')
  expect([stage.hub.get(KEY)?.state, stage.connections.size, await stage.publishers()]).toEqual(['grace', 0, 0])
  expect(stage.told).toEqual(['a opened', 'a closed client'])
})

test('a refused publisher changes nothing', async () => {
  const stage = new Stage()
  const refusal = { ok: false, code: 'DENIED', sentence: 'No.', httpStatus: 401 } as const
  expect(await stage.ask(stage.attempt('a'), refusal)).toBe(refusal)
  expect([stage.hub.size, stage.connections.size, stage.told]).toEqual([0, 0, []])
})

test('a publisher that leaves before the gate answers publishes nothing, and its grant is returned', async () => {
  const stage = new Stage()
  const attempt = stage.attempt('a')
  const asked = stage.ask(attempt, stage.grant('a').grant)
  attempt.close('client')
  expect(await asked).toBeUndefined()
  expect([attempt.publication, stage.hub.size, stage.told]).toEqual([undefined, 0, ['a closed client']])
})

test('another subject cannot take a published stream; the same subject takes it over', () => {
  const stage = new Stage()
  stage.attempt('a').take(stage.grant('a', 'ann').grant)
  expect(stage.attempt('b').take(stage.grant('b', 'bob').grant)).toMatchObject({ code: 'BUSY', httpStatus: 409 })
  expect(stage.told).toEqual(['a opened', 'b closed error'])
  expect(stage.attempt('c').take(stage.grant('c', 'ann').grant)).toBeUndefined()
  expect(stage.told.slice(2)).toEqual(['a closed taken-over', 'a ended taken-over', 'c opened'])
  expect(stage.connections.list().map(({ id }) => id)).toEqual(['c'])
})

test('each end by the server or another member has its reason, and is reported once', () => {
  const ends: [string, (stage: Stage, revoke: (reason: StreamEndReason) => void) => void][] = [
    ['timeout', ({ clock }) => clock.advance(publisherLimits.silentMicros + 2 * SECOND)],
    ['kicked', ({ connections }) => connections.list()[0]!.kick()],
    ['shutdown', ({ hub }) => hub.close('shutdown')],
    ['expired', (_stage, revoke) => revoke('expired')],
    ['kicked', (_stage, revoke) => revoke('kicked')],
  ]
  for (const [reason, end] of ends) {
    const stage = new Stage()
    const { grant, revoke } = stage.grant('a')
    const attempt = stage.attempt('a')
    attempt.take(grant)
    end(stage, revoke)
    attempt.close('client')
    expect(stage.told).toEqual(['a opened', `a closed ${reason}`, `a ended ${reason}`])
  }
})

test('a permission that is taken back before or while it is used is a refusal', () => {
  const stage = new Stage()
  const early = stage.grant('a')
  early.revoke('kicked')
  expect(stage.attempt('a').take(early.grant)).toMatchObject({ code: 'DENIED' })
  const late = stage.grant('b', undefined, (revoke) => revoke('kicked'))
  expect(stage.attempt('b').take(late.grant)).toMatchObject({ code: 'DENIED' })
  expect(stage.told).toEqual(['a closed kicked', 'b opened', 'b closed kicked'])
  expect([stage.hub.get(KEY), stage.connections.size]).toEqual([undefined, 0])
})

test('a grant is closed once in any order of events, and the listed member is the publishing one', async () => {
  const steps = fc.array(
    fc.record({ who: fc.nat({ max: 2 }), does: fc.constantFrom('take', 'leave', 'revoke', 'expire', 'kick', 'wait') }),
    { maxLength: 30 },
  )
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      const stage = new Stage()
      let made = 0
      const present = new Map<number, { attempt: PublishAttempt; revoke: (reason: StreamEndReason) => void }>()
      for (const { who, does } of plan) {
        const one = present.get(who)
        if (does === 'take') {
          // The first two are the same user.
          const { grant, revoke } = stage.grant(`g${String(made)}`, who < 2 ? 'ann' : 'bob')
          const attempt = stage.attempt(`g${String(made++)}`)
          one?.attempt.close('client')
          attempt.take(grant)
          present.set(who, { attempt, revoke })
        } else if (does === 'leave') one?.attempt.close('client')
        else if (does === 'revoke') one?.revoke('kicked')
        else if (does === 'expire') one?.revoke('expired')
        else if (does === 'kick') stage.hub.get(KEY)?.kickPublisher()
        else stage.clock.advance(SECOND)
        const open = [...present.values()].filter(({ attempt }) => attempt.publication !== undefined)
        expect(open.length).toBeLessThanOrEqual(1)
        expect(stage.connections.list().map(({ id }) => id)).toEqual(
          stage.hub.get(KEY)?.publication === undefined ? [] : [stage.hub.get(KEY)!.publication!.info.id],
        )
        expect(open.length).toBe(stage.connections.size)
      }
      for (const { attempt } of present.values()) attempt.close('client')
      expect([stage.connections.size, await stage.publishers()]).toEqual([0, 0])
      for (let index = 0; index < made; index++) {
        const own = stage.told.filter((line) => line.startsWith(`g${String(index)} `))
        expect(own.filter((line) => line.includes('closed'))).toHaveLength(1)
        expect(own.filter((line) => line.includes('ended')).length).toBeLessThanOrEqual(1)
      }
    }),
    { numRuns: 200 },
  )
})
