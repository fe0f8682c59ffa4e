import { pino } from 'pino'
import type { DestinationStream } from 'pino'

const STDERR = 2
/** Lines wait here while nobody reads stderr; past it they are dropped, for the server must not wait for its log. */
const WAITING_BYTES = 1024 * 1024

/** Where log lines go, and how to get the last ones out before the process ends. */
export interface LogDestination extends DestinationStream {
  flush(): void
}

/**
 * Lines on stderr: JSON for programs, one readable line each for a person at a terminal, which `interrupt` gives what ends
 * a line that stands there unfinished.
 */
export function stderrDestination(readable: boolean, interrupt: () => string = () => ''): LogDestination {
  const stream = pino.destination({ dest: STDERR, sync: false, maxLength: WAITING_BYTES })
  // A closed stderr (a terminal that went away) must not end the server.
  stream.on('error', () => undefined)
  return {
    write: (line) => void stream.write(readable ? interrupt() + formatLine(line) : line),
    flush: () => {
      try {
        stream.flushSync()
      } catch {
        // It was never opened, or stderr is closed: nothing can be told any more.
      }
    },
  }
}

/** `12:34:56.789 info  A publish began  app=live stream=x` of one JSON line. Its texts were escaped before. */
export function formatLine(line: string): string {
  const { level, time, msg, ...fields } = JSON.parse(line) as Record<string, unknown>
  const values = Object.entries(fields).map(([name, value]) => `${name}=${formatValue(value)}`)
  const head = `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${String(msg)}`
  return `${values.length === 0 ? head : `${head}  ${values.join(' ')}`}\n`
}

function formatValue(value: unknown): string {
  if (typeof value === 'string' && value !== '' && !/[\s="]/.test(value)) return value
  return JSON.stringify(value)
}
