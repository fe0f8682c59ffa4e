import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { openPage, until } from '../../harness/index.js'

/** What a page publishes; the default is 640×360 at 25 frames a second and a tone, in the codec the server prefers. */
export interface PublishOptions {
  readonly audio?: boolean
  readonly video?: boolean
  readonly fps?: number
  readonly width?: number
  readonly height?: number
  readonly codec?: 'H264' | 'VP8' | 'VP9' | 'AV1'
  readonly contentHint?: string
  /** Bits per second. */
  readonly maxBitrate?: number
  readonly encodings?: readonly {
    readonly rid?: string
    readonly scaleResolutionDownBy?: number
    readonly scalabilityMode?: string
  }[]
  /** So many layers without rid, as an `ssrc-group:SIM`. */
  readonly simGroup?: number
  /** Opus is sent with `usedtx=1`. */
  readonly dtx?: boolean
  readonly token?: string
}

/** Milliseconds since 1970. */
export interface PeerTimes {
  readonly offeredAt?: number
  readonly connectedAt?: number
  /** The first picture of a player. */
  readonly shownAt?: number
}

/** The fields of `inbound-rtp` and `outbound-rtp` that tests look at (W3C webrtc-stats). */
export interface TrackStats {
  readonly codec: string
  readonly frameWidth?: number
  readonly framesSent?: number
  readonly framesDecoded?: number
  readonly framesReceived?: number
  readonly framesDropped?: number
  readonly freezeCount?: number
  readonly totalFreezesDuration?: number
  readonly totalSamplesReceived?: number
  readonly concealedSamples?: number
  readonly silentConcealedSamples?: number
  readonly fecPacketsReceived?: number
  readonly packetsReceived?: number
  readonly packetsLost?: number
  readonly packetsSent?: number
  readonly bytesSent?: number
  readonly nackCount?: number
  readonly pliCount?: number
  readonly retransmittedPacketsReceived?: number
  readonly jitterBufferDelay?: number
  readonly jitterBufferEmittedCount?: number
}

/** What a page knows of its connection. */
export interface PeerStats {
  readonly video?: TrackStats
  readonly audio?: TrackStats
  /** Of the candidate pair in use. */
  readonly localPort?: number
  readonly protocol?: string
  readonly pair?: { readonly availableOutgoingBitrate?: number; readonly currentRoundTripTime?: number }
}

/** The script of peer-page.html. */
interface PeerPage {
  readonly times: PeerTimes
  readonly answer: string
  readonly pc: RTCPeerConnection
  readonly senders: { readonly audio?: RTCRtpSender; readonly video?: RTCRtpSender }
  publish(url: string, options: PublishOptions): Promise<void>
  play(url: string, options: { readonly token?: string }): Promise<void>
  restartIce(): Promise<void>
  stats(): Promise<PeerStats>
  /** The picture that is published rests. */
  rest(): void
  /** The sound is silent, or a tone again. */
  hush(isSilent: boolean): void
  resize(width: number, height: number): void
  leave(): Promise<Response>
}

declare global {
  interface Window {
    /** Only in peer-page.html. */
    readonly peer: PeerPage
  }
}

const HTML = readFileSync(new URL('./peer-page.html', import.meta.url), 'utf8')

/** A page of Chromium that publishes by WHIP or plays by WHEP, without anything around it. */
export class BrowserPeer {
  readonly page: Page
  readonly #origin: string

  private constructor(page: Page, origin: string) {
    this.page = page
    this.#origin = origin
  }

  /** A page that does nothing yet. */
  static async open(browser: Browser, origin: string): Promise<BrowserPeer> {
    const { page } = await openPage(browser, `${origin}/peer`, async (opened) => {
      await opened.route('**/peer', (route) => route.fulfill({ contentType: 'text/html', body: HTML }))
    })
    return new BrowserPeer(page, origin)
  }

  /** Publishes APP/STREAM by WHIP and waits for the connection. */
  async publish(stream: string, options: PublishOptions = {}): Promise<void> {
    const url = `${this.#origin}/whip/${stream}`
    await this.page.evaluate(([to, options]) => window.peer.publish(to, options), [url, options] as const)
    await this.untilState('connected')
  }

  /** Plays APP/STREAM by WHEP and waits for the connection. */
  async play(stream: string): Promise<void> {
    await this.page.evaluate((from) => window.peer.play(from, {}), `${this.#origin}/whep/${stream}`)
    await this.untilState('connected')
  }

  stats(): Promise<PeerStats> {
    return this.page.evaluate(() => window.peer.stats())
  }

  times(): Promise<PeerTimes> {
    return this.page.evaluate(() => window.peer.times)
  }

  restartIce(): Promise<void> {
    return this.page.evaluate(() => window.peer.restartIce())
  }

  /** Waits for a state of the connection. `closed` is that of its DTLS: the server has said goodbye. */
  async untilState(state: 'connected' | 'disconnected' | 'closed', timeoutMs = 15_000): Promise<void> {
    const look = (wanted: string): boolean => {
      const { pc } = window.peer
      if (wanted !== 'closed') return pc.connectionState === wanted
      return [...pc.getSenders(), ...pc.getReceivers()].some(({ transport }) => transport?.state === 'closed')
    }
    await until(`the connection to be ${state}`, () => this.page.evaluate(look, state), { timeoutMs })
  }

  connectionState(): Promise<RTCPeerConnectionState> {
    return this.page.evaluate(() => window.peer.pc.connectionState)
  }

  /** The port of the network path that is in use. */
  async localPort(): Promise<number | undefined> {
    return (await this.stats()).localPort
  }

  /** Waits until a player has decoded so many more pictures. */
  async untilDecoded(frames: number, timeoutMs = 15_000): Promise<void> {
    const decoded = async (): Promise<number> => (await this.stats()).video?.framesDecoded ?? 0
    const wanted = (await decoded()) + frames
    await until(`${String(frames)} more pictures`, async () => (await decoded()) >= wanted, { timeoutMs })
  }

  /** Ends the session and closes the page. */
  async close(): Promise<void> {
    if (this.page.isClosed()) return
    await this.page.evaluate(() => window.peer.leave()).catch(() => undefined)
    await this.page.close()
  }
}
