// What publishers and players of WebRTC share when hundreds of them measure: the handshake is that of testkit's RtcPeer, the
// socket a native one of its own, and one POST joins.
import { createHmac } from 'node:crypto'
import { NativeEngine, srtpOutboundForTest } from '@crossroom/native'
import { pollAll, RtcPeer } from '@crossroom/testkit'

const TICK_MS = 20

const engine = new NativeEngine()

export const nowMicros = () => engine.udp.now()

export class RtcSocket {
  peer
  #url
  #takes
  #port
  #server
  #connected

  /**
   * `buffers`: of the socket. `peer`: what RtcPeer is told beside the usual. `inboundOf` may wrap the context that decrypts.
   * `takes`: called with each datagram and its time of arrival; what it says true to does not reach the peer.
   */
  constructor({ url, buffers, peer, inboundOf = (inbound) => inbound, takes = () => false }) {
    this.#url = url
    this.#takes = takes
    this.#port = engine.udp.open({ host: '127.0.0.1', port: 0, ...buffers })
    this.peer = new RtcPeer({
      now: nowMicros(),
      random: Math.random,
      hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
      dtls: engine.dtls,
      createInbound: (keys) => inboundOf(engine.srtp.createInbound(keys)),
      createOutbound: srtpOutboundForTest,
      ...peer,
    })
  }

  /** Resolves once connected. */
  async join() {
    // A connection of its own, as a browser of somebody else has: several processes share the port by connections.
    const headers = { 'content-type': 'application/sdp', connection: 'close' }
    const request = { method: 'POST', headers, body: this.peer.offer() }
    const response = await fetch(this.#url, request)
    const answer = await response.text()
    if (response.status !== 201) throw new Error(`${response.status}: ${answer}`)
    const [, ip, port] = /^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host/im.exec(answer)
    this.#server = this.#port.addressOf(ip, Number(port))
    this.#port.pin(this.#server)
    this.#port.start((batch) => this.#handleBatch(batch))
    const connected = new Promise((resolve, reject) => (this.#connected = { resolve, reject }))
    this.peer.acceptAnswer(nowMicros(), answer)
    this.flush()
    setInterval(() => this.flush(), TICK_MS)
    await connected
  }

  /** Sends what the peer has to send, and hears what has become of it. */
  flush() {
    const { outputs, events } = pollAll(this.peer, nowMicros())
    for (const out of outputs) this.#port.send(out, this.#server)
    for (const event of events) {
      if (event.kind === 'connected') this.#connected.resolve()
      else if (event.kind !== 'frame') this.#connected.reject(new Error(JSON.stringify(event)))
    }
  }

  #handleBatch({ count, rows, lengths, arrivedAt }) {
    let needsFlush = false
    for (let row = 0; row < count; row++) {
      const datagram = rows[row].subarray(0, lengths[row])
      if (this.#takes(datagram, arrivedAt[row])) continue
      this.peer.handleInput(nowMicros(), datagram)
      needsFlush = true
    }
    if (needsFlush) this.flush()
  }
}
