import type { IncomingMessage, ServerResponse } from 'node:http'
import { hlsLimits, nameLimits } from '../../config/index.js'
import type { EndpointEnvironment } from '../environment.js'
import { parseHlsAddress, parseReload, PLAYLIST, type HlsAddress, type Position } from './address.js'
import { answerBytes, answerText, CORS } from './answer.js'
import type { HlsMuxer } from './muxer.js'
import { HlsMuxers } from './muxers.js'
import { HlsViewer, type Admitted } from './viewers.js'

/** How often it is looked which players have left. */
const SWEEP = 1_000_000

/** `GET http://HOST/hls/APP/STREAM/index.m3u8`, and the files that it names. */
export class HlsEndpoint {
  readonly muxers: HlsMuxers
  readonly #environment: EndpointEnvironment
  readonly #clientAddress: (request: IncomingMessage) => string
  readonly #viewers = new Map<string, HlsViewer>()
  #waiting = 0
  #cancelSweep: (() => void) | undefined
  #closed = false

  constructor(environment: EndpointEnvironment, clientAddress: (request: IncomingMessage) => string) {
    this.#environment = environment
    this.#clientAddress = clientAddress
    this.muxers = new HlsMuxers(environment, Date.now)
  }

  /** Requests that wait for what comes next. */
  get waiting(): number {
    return this.#waiting
  }

  /** True when the request was for HLS and is taken care of. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const target = request.url ?? ''
    if (!target.startsWith('/hls/')) return false
    const address = parseHlsAddress(target, nameLimits.queryFields)
    if (request.method === 'OPTIONS') response.writeHead(204, CORS).end()
    else if (request.method !== 'GET' && request.method !== 'HEAD') {
      const sentence = `${String(request.method)} is not served here: HLS takes GET, HEAD and OPTIONS.`
      answerText(response, 405, sentence, { Allow: 'GET, HEAD, OPTIONS' })
    } else if (address === undefined)
      answerText(response, 404, 'An address of HLS is /hls/APP/STREAM/index.m3u8, or a file that this playlist names.')
    else if (address.file === PLAYLIST) this.#playlist(address, request, response)
    else this.#file(address, request, response)
    return true
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true
    this.#cancelSweep?.()
    for (const viewer of this.#viewers.values()) viewer.close()
    this.#viewers.clear()
  }

  #playlist(address: HlsAddress, request: IncomingMessage, response: ServerResponse): void {
    const reload = parseReload(address.query)
    if (reload === 'wrong') {
      answerText(response, 400, '_HLS_msn and _HLS_part are whole numbers, and _HLS_part needs _HLS_msn.')
      return
    }
    const viewer = this.#viewerOf(address, request)
    if (viewer === undefined) {
      answerText(response, 503, 'Too many players of HLS at the same time.', { 'Retry-After': '5' })
      return
    }
    const leave = viewer.enter()
    const waits = this.#wait(response, leave)
    if (waits === undefined) return
    waits.until(
      viewer.whenAdmitted((admitted) => {
        if ('muxer' in admitted) this.#answerPlaylist(admitted.muxer, reload, viewer, waits, response)
        else waits.answer(() => refuse(response, address, admitted))
      }),
      () => answerText(response, 503, 'The stream has not begun yet.', { 'Retry-After': '1' }),
    )
  }

  #answerPlaylist(
    muxer: HlsMuxer,
    reload: Position | undefined,
    viewer: HlsViewer,
    waits: Wait,
    response: ServerResponse,
  ): void {
    const { window } = muxer
    if (reload !== undefined && window.isTooFar(reload)) {
      const sentence = `Segment ${String(reload.segment)} is too far ahead: the current one is ${String(window.currentNumber)}.`
      waits.answer(() => answerText(response, 400, sentence))
      return
    }
    const answer = (): void => {
      const bytes = Buffer.from(muxer.playlist)
      viewer.bytes += bytes.length
      this.#environment.metrics.traffic('hls').bytesOut += bytes.length
      answerBytes(response, 'application/vnd.apple.mpegurl', 'max-age=1', [bytes])
    }
    const isDue = (): boolean =>
      window.isEnded || (window.hasSegment && (reload === undefined || window.isThere(reload)))
    waits.until(
      muxer.when(isDue, () => {
        if (isDue()) waits.answer(answer)
        else waits.answer(() => answerText(response, 404, 'The stream is over.'))
      }),
      () => {
        // An unchanged playlist: its player asks again.
        if (window.hasSegment) answer()
        else answerText(response, 503, 'The first segment is not complete yet.', { 'Retry-After': '1' })
      },
    )
  }

  #file(address: HlsAddress, request: IncomingMessage, response: ServerResponse): void {
    const muxer = this.muxers.ofFile(address.file)
    const found = muxer?.window.find(address.file)
    const missing = (): void => answerText(response, 404, 'There is no such segment, or not any more.')
    if (muxer === undefined || found === undefined) return missing()
    const viewer = this.#viewers.get(this.#nameOf(address, request))
    const answer = (): void => {
      const bytes = muxer.window.find(address.file)
      if (bytes === undefined || bytes === 'soon') return missing()
      const length = bytes.reduce((sum, piece) => sum + piece.length, 0)
      if (viewer !== undefined) viewer.bytes += length
      this.#environment.metrics.traffic('hls').bytesOut += length
      answerBytes(response, 'video/mp4', 'public, max-age=60, immutable', bytes)
    }
    if (found !== 'soon') return answer()
    const waits = this.#wait(response, viewer?.enter() ?? (() => undefined))
    if (waits === undefined) return
    const isDue = (): boolean => muxer.window.find(address.file) !== 'soon'
    waits.until(
      muxer.when(isDue, () => waits.answer(answer)),
      missing,
    )
  }

  /** The player that asks; undefined when there are too many. */
  #viewerOf(address: HlsAddress, request: IncomingMessage): HlsViewer | undefined {
    const name = this.#nameOf(address, request)
    const present = this.#viewers.get(name)
    if (present?.isOver === false) return present
    present?.close()
    this.#viewers.delete(name)
    if (this.#closed || this.#viewers.size >= hlsLimits.viewers) return undefined
    const { app, stream, query } = address
    const viewer = new HlsViewer(this.#environment, this.muxers, {
      ...{ action: 'play', protocol: 'hls', app, stream, query, bearer: bearerOf(request) },
      remoteAddress: this.#clientAddress(request),
      connectionId: this.#environment.newConnectionId(),
    })
    this.#viewers.set(name, viewer)
    this.#cancelSweep ??= this.#environment.clock.after(SWEEP, this.#sweep)
    return viewer
  }

  #nameOf({ app, stream, query }: HlsAddress, request: IncomingMessage): string {
    const proofs = ['token', 'txSecret', 'txTime'].map((name) => query.get(name))
    return JSON.stringify([
      ...[app, stream, this.#clientAddress(request), request.headers['user-agent'], bearerOf(request)],
      ...proofs,
    ])
  }

  /** Counts a request that may wait; refuses it, and answers undefined, when too many do. */
  #wait(response: ServerResponse, leave: () => void): Wait | undefined {
    if (this.#waiting >= hlsLimits.waiting) {
      leave()
      answerText(response, 503, 'Too many requests wait at the same time.', { 'Retry-After': '1' })
      return undefined
    }
    this.#waiting++
    return new Wait(this.#environment, response, () => {
      this.#waiting--
      leave()
    })
  }

  readonly #sweep = (): void => {
    this.#cancelSweep = undefined
    const now = this.#environment.clock.now()
    for (const [name, viewer] of this.#viewers) {
      if (!viewer.isIdle(now)) continue
      viewer.close()
      this.#viewers.delete(name)
    }
    if (this.#viewers.size > 0) this.#cancelSweep = this.#environment.clock.after(SWEEP, this.#sweep)
  }
}

/** One request on its way to one answer: by what it waits for, by the deadline, or none when its client hangs up. */
class Wait {
  readonly #cancelDeadline: () => void
  readonly #end: () => void
  #cancel: (() => void) | undefined
  #late: () => void = () => undefined
  #isOver = false

  constructor({ clock }: EndpointEnvironment, response: ServerResponse, end: () => void) {
    this.#end = end
    this.#cancelDeadline = clock.after(hlsLimits.waitMicros, () => this.answer(this.#late))
    response.once('close', () => this.answer(() => undefined))
  }

  /** `cancel` ends what it waits for; `late` answers at the deadline. */
  until(cancel: () => void, late: () => void): void {
    if (this.#isOver) return cancel()
    this.#cancel = cancel
    this.#late = late
  }

  /** Answers, unless it was answered. */
  answer(answer: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancelDeadline()
    this.#cancel?.()
    this.#end()
    answer()
  }
}

function refuse(
  response: ServerResponse,
  { app, stream }: HlsAddress,
  admitted: Exclude<Admitted, { readonly muxer: HlsMuxer }>,
): void {
  if ('refusal' in admitted) {
    const { httpStatus, sentence } = admitted.refusal
    answerText(response, httpStatus, sentence, {
      ...(httpStatus === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
      ...(httpStatus === 503 ? { 'Retry-After': '5' } : {}),
    })
  } else if (admitted.problem === 'shutdown')
    answerText(response, 503, 'The server is going down.', { 'Retry-After': '5' })
  else answerText(response, 404, `${app}/${stream} has no publisher.`)
}

function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
}
