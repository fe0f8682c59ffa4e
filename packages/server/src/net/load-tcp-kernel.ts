import type { TcpKernel } from './socket-watch.js'

/** The kernel's data about TCP sockets; undefined without the native package, which makes the watch coarser. */
export async function loadTcpKernel(): Promise<TcpKernel | undefined> {
  try {
    const { NativeTcp } = await import('@crossroom/native')
    return new NativeTcp()
  } catch {
    return undefined
  }
}
