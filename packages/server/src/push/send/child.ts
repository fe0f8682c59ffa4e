import { configToJson, type CodecConfig } from '@crossroom/media'
import { pushLimits } from '../../config/index.js'
import type { Clock } from '../../hub/index.js'
import type { JobNetwork } from '../../jobs/index.js'
import type { PushAddress } from '../address.js'
import type { ChildOutput } from '../children/push-child.js'
import type { PushChildren } from '../children/push-children.js'
import { Feed } from '../feed.js'
import type { WhipDoor, WhipSession } from './whip-door.js'
import type { SendOrder } from '../worker/orders.js'
import type { Sender, SenderHandlers, SendFailure, SendOptions } from '../sender.js'

export interface ChildSenderServices {
  readonly clock: Clock
  readonly network: JobNetwork
  readonly children: PushChildren
  readonly door: WhipDoor
}

/** Of a caller; nothing that opens a port here or changes who connects. `latency` is in microseconds, as in FFmpeg. */
const SRT_QUERY = ['streamid', 'passphrase', 'pbkeylen', 'latency']
const MICROS_PER_MS = 1000

/** Sends a stream by FFmpeg's muxers, in a push child. */
export class ChildSender implements Sender {
  readonly #services: ChildSenderServices
  readonly #options: SendOptions
  readonly #handlers: SenderHandlers
  readonly #feed: Feed
  #url = ''
  #output: ChildOutput | undefined
  #session: WhipSession | undefined
  #isClosed = false
  bytesOut = 0
  #droppedThere = 0

  constructor(services: ChildSenderServices, options: SendOptions, handlers: SenderHandlers) {
    this.#services = services
    this.#options = options
    this.#handlers = handlers
    this.#feed = new Feed({
      ...{ source: options.source, clock: services.clock },
      isFull: () => this.#output?.isFull === true,
      begin: () => this.#begin(),
      frame: (frame) => this.#output?.send(frame),
      over: () => {
        handlers.over()
        this.close()
      },
    })
    void this.#judge()
  }

  get droppedFrames(): number {
    return this.#feed.droppedFrames + this.#droppedThere
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#feed.close()
    this.#output?.close()
    this.#session?.close()
  }

  async #judge(): Promise<void> {
    const url = await this.#urlOf(this.#options).catch((error: Error) => error)
    if (this.#isClosed) return this.#session?.close()
    if (url instanceof Error) return this.#fail({ message: url.message })
    this.#url = url
    this.#feed.start()
  }

  /** What a child opens: hosts as the addresses that were judged. */
  async #urlOf({ address, bearer }: SendOptions): Promise<string> {
    const { network, door } = this.#services
    const judged = await network.targets.addressOf(address.host)
    if (address.kind !== 'whip') return urlAt(address, judged)
    this.#session = await door.open({ network, address, bearer, relay: (target) => this.#output!.relay(target) })
    return this.#session.url
  }

  #begin(): void {
    const { source, address } = this.#options
    const { video, audio } = source.promised ?? source.tracks
    const json = (config: CodecConfig | undefined): object | undefined => config && configToJson(config)
    const order: SendOrder = {
      kind: address.kind as SendOrder['kind'],
      ...{ url: this.#url, video: json(video), audio: json(audio) },
      stallMs: pushLimits.stallMicros / MICROS_PER_MS,
    }
    this.#output = this.#services.children.withRoom().open(order, {
      opened: () => {
        if (!this.#isClosed) this.#handlers.sending()
      },
      totals: ({ bytes, droppedFrames }) => {
        this.bytesOut = bytes
        this.#droppedThere = droppedFrames
      },
      failed: (end) => this.#fail(this.#session?.failure ?? end),
    })
  }

  #fail(failure: SendFailure): void {
    if (this.#isClosed) return
    this.close()
    this.#handlers.failed(failure)
  }
}

/** With the address that was judged in the place of the host. */
function urlAt({ kind, text, port, tls, path }: PushAddress, judged: string): string {
  const given = new URL(text)
  const host = `${judged.includes(':') ? `[${judged}]` : judged}:${String(port)}`
  if (kind === 'rtsp') {
    const credentials = given.password === '' ? given.username : `${given.username}:${given.password}`
    return `${tls ? 'rtsps' : 'rtsp'}://${credentials === '' ? '' : `${credentials}@`}${host}${path}`
  }
  const query = SRT_QUERY.flatMap((name) => {
    const value = given.searchParams.get(name)
    return value === null ? [] : [`${name}=${encodeURIComponent(value)}`]
  })
  return `srt://${host}?${['mode=caller', ...query].join('&')}`
}
