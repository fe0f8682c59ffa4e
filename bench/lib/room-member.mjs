// One participant of a room by its signaling alone, without media.
import WebSocket from 'ws'

const ENTER_MS = 10_000

export class RoomMember {
  /** Messages of the server that were no answer. */
  notifications = 0
  /** Called with every notification and when it came. */
  onNotification = () => undefined
  /** When `room.enter` was sent. */
  askedAt = 0
  #socket
  #opened
  #nextId = 1
  #waiting = new Map()
  #heartbeat

  constructor(port) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}/signal`, { perMessageDeflate: false })
    this.#opened = new Promise((resolve, reject) => {
      this.#socket.once('open', resolve)
      this.#socket.once('close', () => reject(new Error('The socket closed.')))
    })
    this.#opened.catch(() => undefined)
    this.#socket.on('message', (data) => this.#receive(JSON.parse(data)))
    this.#socket.on('error', () => undefined)
    this.#socket.on('close', () => {
      clearInterval(this.#heartbeat)
      for (const { reject } of this.#waiting.values()) reject(new Error('The socket closed.'))
    })
  }

  /** Resolves with the result of `room.enter`. */
  async enter({ roomId, userId, role = 'anchor' }) {
    await this.#opened
    const client = { kind: 'other', version: '1' }
    this.askedAt = performance.now()
    const result = await this.request('room.enter', { protocol: 1, roomId, userId, role, client })
    this.#heartbeat = setInterval(() => void this.request('room.ping', {}).catch(() => undefined), result.heartbeatMs)
    return result
  }

  request(method, params) {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method} was not answered.`)), ENTER_MS)
      const settle = (done) => (value) => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        done(value)
      }
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) })
      this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    })
  }

  async leave() {
    await this.request('room.leave', {}).catch(() => undefined)
    this.#socket.close()
  }

  #receive(message) {
    if (message.id !== undefined) {
      const waiting = this.#waiting.get(message.id)
      if (message.error === undefined) waiting?.resolve(message.result)
      else waiting?.reject(new Error(message.error.message))
      return
    }
    this.notifications++
    this.onNotification(message, performance.now())
  }
}
