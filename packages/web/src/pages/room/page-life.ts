import type { RoomClient } from './client.js'

/** The room learns immediately that this page is gone, and a page restored from the browser's cache starts again. */
export function leaveWithPage(client: Pick<RoomClient, 'exitRoom'>): void {
  window.addEventListener('pagehide', () => void client.exitRoom().catch(() => undefined))
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload()
  })
}
