import type { WebRtcEngine } from '@crossroom/webrtc'

/** The engine of WebRTC, or why there is none. */
export type LoadedEngine = { readonly engine: WebRtcEngine } | { readonly why: string }

/** Loads the native package. Without it all other protocols run. */
export async function loadEngine(): Promise<LoadedEngine> {
  try {
    const { NativeEngine } = await import('@crossroom/native')
    return { engine: new NativeEngine() }
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) }
  }
}
