let latest: number | undefined

/** Milliseconds from here to the server and back; undefined until something was asked. */
export function roundTripMs(): number | undefined {
  return latest
}

/** Learns the round trip from every answer to `path`, whatever it says. Called once. */
export function watchRoundTrips(path: string): void {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntriesByType('resource') as PerformanceResourceTiming[]) {
      if (!new URL(entry.name).pathname.startsWith(path) || entry.requestStart === 0) continue
      const tookMs = entry.responseStart - entry.requestStart
      // The server's own time to answer is in it, so the quick answers tell most.
      latest = latest === undefined ? tookMs : tookMs < latest ? tookMs : latest * 0.9 + tookMs * 0.1
    }
    performance.clearResourceTimings()
  })
  observer.observe({ type: 'resource', buffered: true })
}
