import { PictureSizes } from './picture-sizes.js'
import { RtspWatch } from './rtsp-watch.js'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const rtp = (marker: boolean, ...payload: number[]): number[] => [
  ...[0x24, 0, 0, 12 + payload.length, 0x80, (marker ? 0x80 : 0) | 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
  ...payload,
]

/** What is told of these bytes, in pieces of that size. */
function told(input: Uint8Array, step: number): string {
  const lines: string[] = []
  const sizes = new PictureSizes()
  const watch = new RtspWatch({
    response: (status, location) => lines.push(`${String(status)} ${String(location)}`),
    broken: () => lines.push('broken'),
  })
  watch.follow(0, 'h264', sizes)
  for (let offset = 0; offset < input.length; offset += step) watch.push(input.subarray(offset, offset + step))
  for (let size = sizes.next; size !== undefined; size = sizes.next) {
    lines.push(String(size))
    sizes.take()
  }
  return lines.join('\n')
}

export const fuzzTargets = [
  {
    name: 'rtsp-watch',
    seeds: (): Uint8Array[] => [
      encode('RTSP/1.0 302 Moved\r\nCSeq: 1\r\nLocation: rtsp://h/a\r\n\r\n'),
      encode('RTSP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nv=0\r\nRTSP/1.0 401 No\n\n'),
      Uint8Array.from([
        ...rtp(false, 0x67, 1, 2),
        ...rtp(true, 0x65, 1, 2, 3),
        ...encode('RTSP/1.0 200 OK\r\n\r\n'),
        ...rtp(true, 0x78, 0, 2, 1, 1),
      ]),
    ],
    run: (input: Uint8Array): void => {
      if (told(input, input.length || 1) !== told(input, 1)) throw new Error('it matters how the bytes are cut')
    },
  },
]
