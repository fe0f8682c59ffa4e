import { connect, createServer, type Socket } from 'node:net'

/** A port of this machine at which TCP gets through to another port. */
export interface TcpWay {
  readonly close: () => void
}

/** Listens on a port of `host` that must be free for TCP, and leads every connection to `target` of 127.0.0.1. */
export async function openTcpWay(port: number, target: number, host = '127.0.0.1'): Promise<TcpWay> {
  const sockets = new Set<Socket>()
  const way = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.once('close', () => sockets.delete(from))
    }
  })
  await new Promise<void>((resolve, reject) => way.once('error', reject).listen(port, host, resolve))
  const close = (): void => {
    way.close()
    for (const socket of sockets) socket.destroy()
  }
  return { close }
}
