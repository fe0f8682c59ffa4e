import { connect, createServer, type Socket } from 'node:net'

/** A TCP relay from one port of this machine to another. */
export interface TcpRelay {
  readonly close: () => void
}

/** Listens on a port of `host`, which must be free, and relays every connection to `target` on 127.0.0.1. */
export async function openTcpRelay(port: number, target: number, host = '127.0.0.1'): Promise<TcpRelay> {
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
