import { signal } from '@preact/signals'

/** What the server tells its own pages. */
export interface PageFacts {
  /** The room in which the demo has somebody; absent elsewhere. */
  readonly demoRoom?: string
  /** Where others open these pages; null when nobody else reaches the server. */
  readonly origin: string | null
  /** The same for encoders, `rtmp://HOST[:PORT]`. */
  readonly rtmp: string | null
}

const PATH = '/api/v1/page'
const TIMEOUT_MS = 5_000

/** Asks the server; one that does not answer is where this page came from, as far as anybody can know. Never rejects. */
export async function fetchPageFacts(): Promise<PageFacts> {
  try {
    const response = await fetch(PATH, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (response.ok) return factsOf(await response.json())
  } catch {
    // As one that says nothing.
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
