import type { MediaFrame } from '@crossroom/media'
import { audioConfig, Stage, videoConfig } from '../../../../test/scenarios/stage.js'
import { StreamKey, type Publication } from '../hub/index.js'
import { JobStore, StateDirectory } from '../jobs/index.js'
import { silentLog, type Log } from '../observe/index.js'
import { Feed } from './feed.js'
import { Pushes } from './pushes.js'
import type { SendOptions, SenderHandlers } from './sender.js'
import { pushKind, pushRequest, type StoredPush } from './spec.js'

/** One attempt, of which the test is the target. */
export interface FakeTarget {
  readonly options: SendOptions
  readonly handlers: SenderHandlers
  /** `audio 0`, `key 40`, `video 80`: what came, by time in milliseconds. */
  readonly got: string[]
  isFull: boolean
  isClosed: boolean
  accept(): void
}

const VIDEO = videoConfig()
const AUDIO = audioConfig()

/** Pushes on a virtual clock, from a real hub. */
export class PushStage extends Stage {
  readonly targets: FakeTarget[] = []
  readonly logged: string[] = []
  random = 0
  readonly pushes: Pushes
  #publication: Publication | undefined

  constructor(store?: JobStore<StoredPush>) {
    super()
    const write = (fields: object, text: string): void => void this.logged.push(`${text} ${JSON.stringify(fields)}`)
    const log: Log = { ...silentLog, debug: write, info: write, warn: write, error: write }
    this.pushes = new Pushes({
      ...{ clock: this.clock, hub: this.hub, log, nowMs: () => this.clock.now() / 1000 },
      random: () => this.random,
      sourceFor: (stream) => stream,
      store: store ?? new JobStore(StateDirectory.open(undefined, silentLog), pushKind),
      openSender: (options, handlers) => this.#open(options, handlers),
      keyOf: ({ stream }) => Promise.resolve(stream === undefined ? undefined : StreamKey.plain(stream)),
    })
  }

  /** The last attempt. */
  get target(): FakeTarget {
    const target = this.targets.at(-1)
    if (target === undefined) throw new Error('nothing was pushed')
    return target
  }

  async add(fields: object): Promise<string> {
    const { id } = await this.pushes.add(pushRequest.parse({ url: 'rtmp://target.example/live/key', ...fields }))
    await settled()
    return id
  }

  /** A publisher comes; its tracks are known. */
  live(name = 'live/cam'): void {
    this.#publication = this.hub.open(StreamKey.plain(name)).publish({
      ...{ id: 'p', protocol: 'rtmp', remoteAddress: '127.0.0.1', onClose: () => undefined },
      ...(this.isAskable && { requestKeyframe: () => void this.keyframeRequests++ }),
    })
    this.send('audio')
    this.send('key')
  }

  /** The publisher leaves. */
  leave(): void {
    this.#publication?.end()
    this.#publication = undefined
  }

  send(what: 'audio' | 'key' | 'video'): void {
    const at = this.clock.now()
    const units = [new Uint8Array(100)]
    const common = { pts: at, dts: at, droppable: false, units, receivedAt: at }
    const frame: MediaFrame =
      what === 'audio'
        ? { ...common, config: AUDIO, keyframe: true }
        : { ...common, config: VIDEO, keyframe: what === 'key' }
    this.#publication?.push(frame)
  }

  /** Lets time pass, and what was awaited meanwhile happen. */
  async pass(micros: number): Promise<void> {
    this.clock.advance(micros)
    await settled()
  }

  #open(options: SendOptions, handlers: SenderHandlers) {
    const got: string[] = []
    const feed = new Feed({
      ...{ source: options.source, clock: this.clock, isFull: () => target.isFull },
      begin: () => handlers.sending(),
      frame: ({ config, keyframe, dts }) =>
        void got.push(`${config.kind === 'audio' ? 'audio' : keyframe ? 'key' : 'video'} ${String(dts / 1000)}`),
      over: () => handlers.over(),
    })
    const close = (): void => {
      target.isClosed = true
      feed.close()
    }
    const target: FakeTarget = { options, handlers, got, isFull: false, isClosed: false, accept: () => feed.start() }
    this.targets.push(target)
    return {
      close,
      get bytesOut() {
        return got.length * 100
      },
      get droppedFrames() {
        return feed.droppedFrames
      },
    }
  }
}

/** Everything that was only waiting for promises has happened. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
