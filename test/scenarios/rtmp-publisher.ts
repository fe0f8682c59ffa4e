import { readFileSync } from 'node:fs'
import { createHmac, randomBytes } from 'node:crypto'
import { FlvTagReader, type FlvTag, type MediaFrame } from '@crossroom/media'
import {
  parseRtmpUrl,
  RtmpClientSession,
  RtmpServerSession,
  type MediaMessageType,
  type RtmpServerEvent,
} from '@crossroom/rtmp'
import { pollAll } from '@crossroom/testkit'
import type { Publication } from '../../packages/server/src/hub/index.js'
import { FlvPacker } from '../../packages/server/src/endpoints/http-flv/flv-packer.js'
import { tagsOf } from '../harness/flv-media.js'
import type { FakeTransport, Stage } from './stage.js'

const crypto = {
  randomBytes: (length: number) => randomBytes(length),
  hmacSha256: (key: Uint8Array, data: Uint8Array) => createHmac('sha256', key).update(data).digest(),
}

/** Ten pictures with B-frames and their sound, as ffmpeg pushes them: 0.4 s. */
export function fixtureTags(): FlvTag[] {
  const url = new URL('../fixtures/media/h264-bframes-aac.flv', import.meta.url)
  return tagsOf(readFileSync(url)).filter((tag) => tag.type !== 18)
}

/** An RTMP client and the server's session, joined in memory; what arrives is published on a stage. */
export class RtmpPublisher {
  readonly chunkSize: number
  readonly #stage: Stage
  readonly #publication: Publication
  readonly #client: RtmpClientSession
  readonly #server = new RtmpServerSession(crypto)
  readonly #reader = new FlvTagReader()
  /** Bodies of the messages that the server took, in order. */
  readonly received: Uint8Array[] = []
  streamId = 0

  constructor(stage: Stage, chunkSize = 4096) {
    const url = parseRtmpUrl('rtmp://stage/live/x')!
    this.chunkSize = chunkSize
    this.#stage = stage
    this.#publication = stage.publish()!
    this.#client = new RtmpClientSession({ ...crypto, url, action: 'publish', outChunkSize: chunkSize })
    this.#exchange()
  }

  send({ type, timestampMs, body }: FlvTag): void {
    this.#client.sendMedia(type as MediaMessageType, timestampMs, body)
    this.#exchange()
  }

  /** Bytes as they might come from another encoder. */
  sendBytes(bytes: Uint8Array): void {
    this.#server.handleInput(this.#stage.clock.now(), bytes)
    this.#exchange()
  }

  #exchange(): void {
    const now = this.#stage.clock.now()
    for (let moved = true; moved;) {
      const toServer = pollAll(this.#client, now).outputs
      for (const out of toServer) this.#server.handleInput(now, out)
      const { outputs: toClient, events } = pollAll(this.#server, now)
      for (const out of toClient) this.#client.handleInput(now, out)
      this.#takeEvents(events)
      moved = toServer.length + toClient.length + events.length > 0
    }
  }

  #takeEvents(events: readonly RtmpServerEvent[]): void {
    for (const event of events) {
      if (event.type === 'publish') {
        this.streamId = event.streamId
        this.#server.authorised()
        this.#server.acceptPublish(event.streamId)
      } else if (event.type === 'media') {
        const frames: MediaFrame[] = []
        this.received.push(event.payload)
        this.#reader.readTag(event.messageType, event.timestampMs, event.payload, this.#stage.clock.now(), frames)
        for (const frame of frames) this.#publication.push(frame)
      } else if (event.type === 'closed') throw event.error ?? new Error('closed')
    }
  }
}

/** Plays the stage's stream as FLV; the answer reads the tags that came so far. */
export function watchFlv(stage: Stage): { transport: FakeTransport; tags: () => FlvTag[] } {
  const { transport } = stage.watch({ packer: new FlvPacker() })
  return { transport, tags: () => tagsOf(Buffer.concat(transport.chunks)) }
}
