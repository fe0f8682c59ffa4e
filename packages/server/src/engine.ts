import type { WebRtcEngine } from '@crossroom/webrtc'
import type { TcpKernel } from './net/index.js'

/** The engine of WebRTC, or why there is none. */
export type LoadedEngine = { readonly engine: WebRtcEngine } | { readonly why: string }

/** Loads the native package. Without it RTMP and FLV run all the same. */
export async function loadEngine(): Promise<LoadedEngine> {
  try {
    const { NativeEngine } = await import('@crossroom/native')
    return { engine: new NativeEngine() }
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
}

/** What the kernel tells of TCP sockets; undefined without the native package, and then they are watched less closely. */
export async function loadTcpKernel(): Promise<TcpKernel | undefined> {
  try {
    const { NativeTcp } = await import('@crossroom/native')
    return new NativeTcp()
  } catch {
    return undefined
  }
}
