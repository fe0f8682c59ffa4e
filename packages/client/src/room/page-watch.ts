/** A part of the Network Information API (https://wicg.github.io/netinfo/), which Chromium alone has. */
interface NetworkInformation extends EventTarget {
  readonly type?: string
}

/** What happens around a page. */
export interface PageEvents {
  /** The machine has another network. */
  networkChanged(): void
  /** The page is looked at again after it was hidden. */
  shown(): void
  /** The page is closed, or left for another one. */
  closed(): void
}

/** Tells what happens around the page; returns what ends that. */
export function watchPage(events: PageEvents): () => void {
  const { connection } = navigator as { connection?: NetworkInformation }
  let lastType = connection?.type
  const handleConnection = (): void => {
    // It also tells of every new estimate of the rate.
    if (connection?.type === lastType) return
    lastType = connection?.type
    events.networkChanged()
  }
  const handleVisibility = (): void => {
    if (document.visibilityState === 'visible') events.shown()
  }
  const handleOnline = (): void => events.networkChanged()
  const handleClosed = (): void => events.closed()
  globalThis.addEventListener('online', handleOnline)
  globalThis.addEventListener('pagehide', handleClosed)
  connection?.addEventListener('change', handleConnection)
  document.addEventListener('visibilitychange', handleVisibility)
  return () => {
    globalThis.removeEventListener('online', handleOnline)
    globalThis.removeEventListener('pagehide', handleClosed)
    connection?.removeEventListener('change', handleConnection)
    document.removeEventListener('visibilitychange', handleVisibility)
  }
}
