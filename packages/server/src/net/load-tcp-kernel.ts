import type { TcpKernel } from './socket-watch.js'

/** What the kernel tells of TCP sockets; undefined without the native package, and then they are watched less closely. */
export async function loadTcpKernel(): Promise<TcpKernel | undefined> {
  try {
    const { NativeTcp } = await import('@crossroom/native')
    return new NativeTcp()
  } catch {
    return undefined
  }
}
