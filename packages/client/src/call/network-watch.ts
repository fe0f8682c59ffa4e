/** A part of the Network Information API (https://wicg.github.io/netinfo/), which Chromium alone has. */
interface NetworkInformation extends EventTarget {
  readonly type?: string
}

/**
 * Calls `changed` when the machine has another network and `shown` when the page is looked at again after it was hidden;
 * returns what ends that.
 */
export function watchNetwork(changed: () => void, shown: () => void): () => void {
  const { connection } = navigator as { connection?: NetworkInformation }
  let lastType = connection?.type
  const handleConnection = (): void => {
    // It also tells of every new estimate of the rate.
    if (connection?.type === lastType) return
    lastType = connection?.type
    changed()
  }
  const handleVisibility = (): void => {
    if (document.visibilityState === 'visible') shown()
  }
  globalThis.addEventListener('online', changed)
  connection?.addEventListener('change', handleConnection)
  document.addEventListener('visibilitychange', handleVisibility)
  return () => {
    globalThis.removeEventListener('online', changed)
    connection?.removeEventListener('change', handleConnection)
    document.removeEventListener('visibilitychange', handleVisibility)
  }
}
