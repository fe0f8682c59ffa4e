import { pollAll, seededRandom } from '@crossroom/testkit'
import type { DtlsEvent, DtlsSession } from '@crossroom/webrtc'

/** What each side told, once both told something or `limit` milliseconds were over. */
export interface Handshake {
  readonly left: DtlsEvent[]
  readonly right: DtlsEvent[]
  readonly datagrams: readonly Uint8Array[]
}

export const now = (): number => Number(process.hrtime.bigint() / 1000n)

export interface Impairment {
  /** Share of datagrams that is lost, 0 to 1. */
  readonly loss: number
  readonly seed: number
  /** Called with every datagram that arrives, before the receiver. */
  readonly tap?: (receiver: DtlsSession, datagram: Uint8Array) => void
}

/**
 * Two sessions against each other, in memory, on the real clock: OpenSSL reads its own for retransmission, so this waits
 * for its timers, not for a guess.
 */
export async function handshake(
  left: DtlsSession,
  right: DtlsSession,
  { loss, seed, tap }: Impairment = { loss: 0, seed: 1 },
): Promise<Handshake> {
  const random = seededRandom(seed)
  const result: Handshake & { datagrams: Uint8Array[] } = { left: [], right: [], datagrams: [] }
  const sides = [
    { from: left, to: right, events: result.left },
    { from: right, to: left, events: result.right },
  ]
  for (;;) {
    let moved = false
    let wakeAt = Infinity
    for (const { from, to, events } of sides) {
      const polled = pollAll(from, now())
      events.push(...polled.events)
      wakeAt = Math.min(wakeAt, polled.wakeAt)
      for (const datagram of polled.outputs) {
        moved = true
        result.datagrams.push(datagram)
        if (random() < loss) continue
        tap?.(to, datagram)
        to.handleInput(now(), datagram)
      }
    }
    if (result.left.length > 0 && result.right.length > 0) return result
    if (!moved) await until(wakeAt)
  }
}

async function until(due: number): Promise<void> {
  if (due === Infinity) throw new Error('both sides wait for nothing')
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - now()) / 1000))
}

/** A ClientHello of DTLS 1.2 that offers nothing but TLS_RSA_WITH_NULL_SHA: what the ClientHello races of 2023 sent. */
export function nullCipherHello(): Uint8Array {
  const body = [0xfe, 0xfd, ...new Array<number>(32).fill(7), 0, 0, 0, 2, 0, 2, 1, 0]
  const message = [1, 0, 0, body.length, 0, 0, 0, 0, 0, 0, 0, body.length, ...body]
  return Uint8Array.from([22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, message.length, ...message])
}

/** A record of one fragment of a handshake message that claims `length` bytes. */
export function fragment(messageSequence: number, length: number, offset: number, bytes: number): Uint8Array {
  const record = new Uint8Array(13 + 12 + bytes)
  const view = new DataView(record.buffer)
  record.set([22, 0xfe, 0xfd])
  view.setUint32(7, messageSequence * 1000 + offset)
  view.setUint16(11, 12 + bytes)
  record[13] = 11
  view.setUint32(13, (11 << 24) | length)
  view.setUint16(17, messageSequence)
  record.set([(offset >> 16) & 0xff, (offset >> 8) & 0xff, offset & 0xff], 19)
  record.set([(bytes >> 16) & 0xff, (bytes >> 8) & 0xff, bytes & 0xff], 22)
  return record
}
