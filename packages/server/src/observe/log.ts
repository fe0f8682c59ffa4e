import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import { LineLimiter } from './line-limiter.js'
import { sanitise, sanitiseText } from './sanitise.js'

/** Levels of the log, from the most to the least talkative. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** The fields of one line. Secrets in names or addresses are redacted, texts are escaped and shortened. */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * A log that cannot be flooded or broken: at most 100 lines per second and kind, one line per call. The message is the
 * kind, so it is a constant sentence; variable parts go into the fields.
 */
export interface Log {
  trace(fields: LogFields, message: string): void
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  /** A log whose every line carries these fields as well; it shares the limits of its parent. */
  child(fields: LogFields): Log
}

/** How {@link createLog} writes. */
export interface LogOptions {
  readonly level: LogLevel
  /** The destination of lines: JSON, one object per line, ending with a line feed. */
  readonly destination: DestinationStream
  /** Milliseconds that never go back. */
  readonly nowMs: () => number
}

type Level = Exclude<LogLevel, 'silent'>

class PinoLog implements Log {
  readonly #pino: Logger
  readonly #limiter: LineLimiter

  constructor(logger: Logger, limiter: LineLimiter) {
    this.#pino = logger
    this.#limiter = limiter
  }

  trace(fields: LogFields, message: string): void {
    this.#write('trace', fields, message)
  }

  debug(fields: LogFields, message: string): void {
    this.#write('debug', fields, message)
  }

  info(fields: LogFields, message: string): void {
    this.#write('info', fields, message)
  }

  warn(fields: LogFields, message: string): void {
    this.#write('warn', fields, message)
  }

  error(fields: LogFields, message: string): void {
    this.#write('error', fields, message)
  }

  child(fields: LogFields): Log {
    return new PinoLog(this.#pino.child(sanitise(fields)), this.#limiter)
  }

  #write(level: Level, fields: LogFields, message: string): void {
    if (!this.#pino.isLevelEnabled(level)) return
    const allowed = this.#limiter.allow(message)
    for (const left of this.#limiter.takeReport())
      this.#pino.warn({ kind: sanitiseText(left.kind), lines: left.lines }, 'Log lines were suppressed')
    if (allowed) this.#pino[level](sanitise(fields), sanitiseText(message))
  }
}

/** The log of one server, on pino. */
export function createLog(options: LogOptions): Log {
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.destination,
  )
  return new PinoLog(logger, new LineLimiter(options.nowMs))
}

/** A log that keeps quiet, for tests and tools. */
export const silentLog: Log = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
}
