import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import { observeLimits, type StreamProtocol } from '../config/index.js'

/** Counters of one protocol, written in hot paths as plain numbers (`traffic.bytesOut += n`) and read at a scrape. */
export class Traffic {
  /** Bytes of the transport, received and sent. */
  bytesIn = 0
  bytesOut = 0
  /** Frames from publishers, and to viewers. */
  framesIn = 0
  framesOut = 0
  /** Frames a viewer did not get because it was too slow. */
  framesDropped = 0
}

/** One value of a metric with labels. */
export interface LabelledValue {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The state of one stream at a scrape; exposed only with the stream label. */
export interface StreamFigures {
  /** As people know it. */
  readonly name: string
  readonly viewers: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** How {@link Metrics} is made. */
export interface MetricsOptions {
  /** Adds metrics per stream (at most 1000 of them). Default false: names come from the network. */
  readonly streamLabel?: boolean
  /** A label of every metric: the process, where several are one server. */
  readonly process?: string | undefined
}

const MICROS = 1_000_000
/** Seconds; the goals are 5 ms for FLV and 30 ms for WebRTC. */
const JOIN_BUCKETS = [0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2, 5]
/** Figure, metric and its help. */
const GAUGES = [
  ['connections', 'connections', 'Open connections and sessions'],
  ['publishers', 'publishers', 'Publishers sending'],
  ['viewers', 'viewers', 'Viewers attached to a stream'],
] as const
const COUNTERS = [
  ['joins', 'joins_total', 'Viewers attached since the start'],
  ['publishes', 'publishes_total', 'Publishes begun since the start'],
] as const
const TRAFFIC_COUNTERS = [
  ['bytesIn', 'in_bytes_total', 'Bytes received'],
  ['bytesOut', 'out_bytes_total', 'Bytes sent'],
  ['framesIn', 'in_frames_total', 'Frames from publishers'],
  ['framesOut', 'out_frames_total', 'Frames given to viewers'],
  ['framesDropped', 'dropped_frames_total', 'Frames slow viewers missed'],
] as const
const STREAM_GAUGES = [
  ['viewers', 'stream_viewers', 'Viewers of a stream'],
  ['bytesIn', 'stream_in_bytes', 'Bytes a stream received since it began'],
  ['bytesOut', 'stream_out_bytes', 'Bytes a stream sent since it began'],
] as const

/**
 * The counters of the server. Every method is cheap and never throws; {@link Metrics.scrape} writes Prometheus' text.
 * All names begin with `crossroom_`.
 */
export class Metrics {
  readonly #registry = new Registry()
  readonly #figures = new Map<StreamProtocol, ProtocolFigures>()
  readonly #joinSeconds: Histogram<'protocol'>
  readonly #refused: Counter<'protocol' | 'code'>
  readonly #errors: Counter<'protocol' | 'code'>
  readonly #knownCodes = new Set<string>()
  readonly #streamLabel: boolean
  #streams = 0

  constructor(options: MetricsOptions = {}) {
    this.#streamLabel = options.streamLabel ?? false
    if (options.process !== undefined) this.#registry.setDefaultLabels({ process: options.process })
    const registers = [this.#registry]
    this.#joinSeconds = new Histogram({
      name: 'crossroom_join_seconds',
      help: 'Time from the request of a viewer to the first media written to it',
      labelNames: ['protocol'],
      buckets: JOIN_BUCKETS,
      registers,
    })
    const labelNames = ['protocol', 'code'] as const
    const refusedHelp = 'Refused publishes and plays'
    this.#refused = new Counter({ name: 'crossroom_refused_total', help: refusedHelp, labelNames, registers })
    const errorsHelp = 'Connections and sessions ended because of a protocol error or an exceeded limit'
    this.#errors = new Counter({ name: 'crossroom_protocol_errors_total', help: errorsHelp, labelNames, registers })
    this.#addOwnReaders()
  }

  /** Shows this protocol from now on, although nothing of it was counted yet. */
  addProtocol(protocol: StreamProtocol): void {
    this.#of(protocol)
  }

  /** The counters of one protocol for hot paths, which keep the object. */
  traffic(protocol: StreamProtocol): Traffic {
    return this.#of(protocol).traffic
  }

  /** A transport connection (RTMP socket, FLV response, WebRTC session) began or ended. */
  connectionOpened(protocol: StreamProtocol): void {
    this.#of(protocol).connections++
  }

  connectionClosed(protocol: StreamProtocol): void {
    this.#of(protocol).connections--
  }

  /** A stream of the hub came into being or went away. */
  streamOpened(): void {
    this.#streams++
  }

  streamClosed(): void {
    this.#streams--
  }

  publisherStarted(protocol: StreamProtocol): void {
    this.#of(protocol).publishers++
    this.#of(protocol).publishes++
  }

  publisherEnded(protocol: StreamProtocol): void {
    this.#of(protocol).publishers--
  }

  /** A viewer was admitted and attached to its stream. */
  viewerStarted(protocol: StreamProtocol): void {
    this.#of(protocol).viewers++
    this.#of(protocol).joins++
  }

  viewerEnded(protocol: StreamProtocol): void {
    this.#of(protocol).viewers--
  }

  /** The first media went to a viewer, so many microseconds after it asked. */
  viewerJoined(protocol: StreamProtocol, joinMicros: number): void {
    this.#joinSeconds.observe({ protocol }, Math.max(0, joinMicros) / MICROS)
  }

  /** A publish or play was refused with this stable code. */
  refused(protocol: StreamProtocol, code: string): void {
    this.#refused.inc({ protocol, code: this.#bounded(code) })
  }

  /** A connection or session ended by its own fault with this stable code. */
  protocolError(protocol: StreamProtocol, code: string): void {
    this.#errors.inc({ protocol, code: this.#bounded(code) })
  }

  /** Adds a gauge whose value is read at each scrape. `name` without the prefix, unit at its end. */
  addGauge(name: string, help: string, read: () => number | readonly LabelledValue[], labels: string[] = []): void {
    new Gauge({
      name: `crossroom_${name}`,
      help,
      labelNames: labels,
      registers: [this.#registry],
      collect() {
        this.reset()
        setValues((labelled, value) => {
          this.set(labelled, value)
        }, read())
      },
    })
  }

  /** Adds a counter kept elsewhere as a plain number that only grows and is read at each scrape; `name` ends in `_total`. */
  addCounter(name: string, help: string, read: () => number | readonly LabelledValue[], labels: string[] = []): void {
    new Counter({
      name: `crossroom_${name}`,
      help,
      labelNames: labels,
      registers: [this.#registry],
      collect() {
        this.reset()
        setValues((labelled, value) => {
          this.inc(labelled, value)
        }, read())
      },
    })
  }

  /** Source of the figures per stream, which are exposed only with the stream label. */
  watchStreams(read: () => Iterable<StreamFigures>): void {
    if (!this.#streamLabel) return
    for (const [figure, name, help] of STREAM_GAUGES) {
      const values = (): LabelledValue[] => {
        const all: LabelledValue[] = []
        for (const figures of read()) {
          if (all.length >= observeLimits.labelledStreams) break
          all.push({ labels: { stream: figures.name }, value: figures[figure] })
        }
        return all
      }
      this.addGauge(name, help, values, ['stream'])
    }
  }

  /** Adds Node's metrics of the process: CPU, memory, garbage collection, event-loop delay. Once per process. */
  addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry })
  }

  /** The `Content-Type` of {@link Metrics.scrape}. */
  get contentType(): string {
    return this.#registry.contentType
  }

  /** The text for Prometheus. */
  scrape(): Promise<string> {
    return this.#registry.metrics()
  }

  #addOwnReaders(): void {
    const protocol = ['protocol']
    this.addGauge('streams', 'Streams in the hub', () => this.#streams)
    const each = (read: (figures: ProtocolFigures) => number) => (): LabelledValue[] =>
      [...this.#figures].map(([of, figures]) => ({ labels: { protocol: of }, value: read(figures) }))
    const own = (figure: (typeof GAUGES | typeof COUNTERS)[number][0]) => each((figures) => figures[figure])
    const traffic = (figure: (typeof TRAFFIC_COUNTERS)[number][0]) => each((figures) => figures.traffic[figure])
    for (const [figure, name, help] of GAUGES) this.addGauge(name, help, own(figure), protocol)
    for (const [figure, name, help] of COUNTERS) this.addCounter(name, help, own(figure), protocol)
    for (const [figure, name, help] of TRAFFIC_COUNTERS) this.addCounter(name, help, traffic(figure), protocol)
  }

  #of(protocol: StreamProtocol): ProtocolFigures {
    let figures = this.#figures.get(protocol)
    if (figures === undefined) this.#figures.set(protocol, (figures = new ProtocolFigures()))
    return figures
  }

  #bounded(code: string): string {
    if (this.#knownCodes.has(code)) return code
    if (this.#knownCodes.size >= observeLimits.metricCodes) return 'OTHER'
    this.#knownCodes.add(code)
    return code
  }
}

/** Counters of one protocol. */
class ProtocolFigures {
  readonly traffic = new Traffic()
  connections = 0
  publishers = 0
  viewers = 0
  joins = 0
  publishes = 0
}

function setValues(
  set: (labels: Record<string, string>, value: number) => void,
  read: number | readonly LabelledValue[],
): void {
  if (typeof read === 'number') set({}, read)
  else for (const { labels, value } of read) set(labels, value)
}
