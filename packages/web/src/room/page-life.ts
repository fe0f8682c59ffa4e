import type { RoomClient } from './client.js'

/** Everybody in the room hears at once that this page is gone, and a page that the browser kept aside begins anew. */
export function leaveWithPage(client: Pick<RoomClient, 'exitRoom'>): void {
  window.addEventListener('pagehide', () => void client.exitRoom().catch(() => undefined))
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) location.reload()
  })
}
