import { expect } from 'vitest'
import { Stage, videoConfig } from '../../../../test/scenarios/stage.js'
import { PublishAttempt } from '../endpoints/index.js'
import { JobStore, StateDirectory, type StateError } from '../jobs/index.js'
import { Connections } from '../hub/index.js'
import { Metrics, silentLog, type Log } from '../observe/index.js'
import type { FetchFailure, FetchHandlers, FetchOptions } from './fetcher.js'
import { Pulls } from './pulls.js'
import { pullKind, pullRequest, type StoredPull } from './spec.js'

/** One attempt, of which the test is the source. */
export interface FakeFetch {
  readonly options: FetchOptions
  readonly handlers: FetchHandlers
  isClosed: boolean
}

/** Everything logged, as text. */
function collectingLog(lines: string[]): Log {
  const write = (fields: object, text: string): void => void lines.push(`${text} ${JSON.stringify(fields)}`)
  return { ...silentLog, debug: write, info: write, warn: write, error: write }
}

/** Pulls on a virtual clock, in a real hub. */
export class PullStage extends Stage {
  readonly fetches: FakeFetch[] = []
  readonly logged: string[] = []
  readonly roomAnswers: (() => Promise<never>)[] = []
  random = 0
  readonly pulls: Pulls

  constructor(store?: JobStore<StoredPull>) {
    super()
    const log = collectingLog(this.logged)
    const environment = {
      ...{ hub: this.hub, clock: this.clock, log, metrics: new Metrics(), connections: new Connections() },
      newConnectionId: () => 'c',
    }
    this.pulls = new Pulls({
      ...{ clock: this.clock, hub: this.hub, log, nowMs: () => 1_700_000_000_000 },
      random: () => this.random,
      store: store ?? new JobStore(StateDirectory.open(undefined, silentLog), pullKind),
      openFetcher: (options, handlers) => {
        const fetch = { options, handlers, isClosed: false }
        this.fetches.push(fetch)
        return { close: () => (fetch.isClosed = true) }
      },
      newPublish: (publisher) => new PublishAttempt(environment, publisher),
      enterRoom: () => this.roomAnswers.shift()!(),
    })
  }

  /** The last attempt. */
  get fetch(): FakeFetch {
    const fetch = this.fetches.at(-1)
    if (fetch === undefined) throw new Error('nothing was fetched')
    return fetch
  }

  async add(fields: object): Promise<string> {
    const { id } = await this.pulls.add(pullRequest.parse(fields))
    await settled()
    return id
  }

  /** The source sends a keyframe, at the server's time. */
  send(fetch = this.fetch): void {
    const at = this.clock.now()
    const units = [new Uint8Array(100)]
    fetch.handlers.received(100)
    fetch.handlers.frame({ config: CONFIG, pts: at, dts: at, keyframe: true, droppable: false, units, receivedAt: at })
  }

  async fail(failure: FetchFailure): Promise<void> {
    this.fetch.handlers.failed(failure)
    await settled()
  }

  /** Lets time pass, and what was awaited meanwhile happen. */
  async pass(micros: number): Promise<void> {
    this.clock.advance(micros)
    await settled()
  }
}

const CONFIG = videoConfig()

/** Everything that was only waiting for promises has happened. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** @throws the error that a promise rejects with is another one */
export async function expectRefusal(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason as StateError,
  )
  expect(error).toMatchObject({ code })
}
