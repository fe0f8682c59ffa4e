import { signal } from '@preact/signals'

/** What the server tells its own pages. */
export interface PageFacts {
  /** The room of the demo; absent elsewhere. */
  readonly demoRoom?: string
  /** Where others open these pages; null when no other machine can reach the server. */
  readonly origin: string | null
  /** The same for encoders, `rtmp://HOST[:PORT]`. */
  readonly rtmp: string | null
}

const PATH = '/api/v1/page'
const TIMEOUT_MS = 5_000

/** Asks the server; without an answer, the page's own origin is the best guess. Never rejects. */
export async function fetchPageFacts(): Promise<PageFacts> {
  try {
    const response = await fetch(PATH, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (response.ok) return factsOf(await response.json())
  } catch {
    // As a server without an answer.
  }
  return { origin: location.origin, rtmp: null }
}

function factsOf(answer: unknown): PageFacts {
  const { demoRoom, origin, rtmp } = (answer ?? {}) as Record<string, unknown>
  return {
    ...(typeof demoRoom === 'string' ? { demoRoom } : {}),
    origin: typeof origin === 'string' ? origin : null,
    rtmp: typeof rtmp === 'string' ? rtmp : null,
  }
}

/** Undefined until the server has answered. */
export const pageFacts = signal<PageFacts | undefined>(undefined)

/** Called once by every page that shows them. */
export function askPageFacts(): void {
  void fetchPageFacts().then((facts) => (pageFacts.value = facts))
}
