import { connect, type Socket } from 'node:net'
import { encodeAmf0Values, type Amf0Value, type FlvTag } from '@crossroom/media'
import { byteLengthOfMessageChunks, writeMessageChunks } from '@crossroom/rtmp'

const HELLO = 1536
const CHUNK = 128

/** Publishes as relays do: everything from `connect` to `tags` in one write, without waiting for an answer. */
export async function pipelineRtmp(port: number, stream: string, tags: readonly FlvTag[]): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => undefined)
  const hello = new Uint8Array(1 + HELLO).fill(7)
  hello.set([3, 0, 0, 0, 0, 0, 0, 0, 0])
  socket.write(hello)
  const [app, name] = stream.split('/')
  const answer = await bytesOf(socket, 1 + 2 * HELLO)
  socket.resume()
  socket.write(
    Buffer.concat([
      answer.subarray(1, 1 + HELLO),
      command(['connect', 1, { app: app!, tcUrl: `rtmp://127.0.0.1/${app!}` }]),
      command(['createStream', 2, null]),
      command(['publish', 3, null, name!, 'live'], 1),
      ...tags.map(({ type, timestampMs, body }) => message(type, timestampMs, body, 1)),
    ]),
  )
  return socket
}

/** One RTMP message in chunks of 128 bytes. */
export function message(
  messageType: number,
  timestampMs: number,
  payload: Uint8Array,
  messageStreamId = 0,
): Uint8Array {
  const out = new Uint8Array(
    byteLengthOfMessageChunks({ payloadLength: payload.length, chunkSize: CHUNK, timestampMs }),
  )
  writeMessageChunks({ chunkStreamId: 3, timestampMs, messageType, messageStreamId }, payload, CHUNK, out, 0)
  return out
}

function command(values: readonly Amf0Value[], messageStreamId = 0): Uint8Array {
  return message(20, 0, encodeAmf0Values([...values]), messageStreamId)
}

async function bytesOf(socket: Socket, length: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  while (bytes.length < length) {
    const piece = await new Promise<Buffer>((resolve, reject) => {
      socket.once('data', resolve)
      socket.once('close', () => reject(new Error('the server closed the connection in the handshake')))
    })
    bytes = Buffer.concat([bytes, piece])
  }
  return bytes
}
