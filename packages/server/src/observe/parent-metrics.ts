import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

/** The metrics of the process that started those of a server. */
export class ParentMetrics {
  readonly #registry = new Registry()
  readonly #restarts: Counter

  constructor(running: () => number) {
    const registers = [this.#registry]
    this.#registry.setDefaultLabels({ process: 'parent' })
    collectDefaultMetrics({ register: this.#registry })
    new Gauge({
      name: 'crossroom_processes',
      help: 'Processes of this server that listen',
      registers,
      collect() {
        this.set(running())
      },
    })
    const help = 'Processes of this server that ended and were started again'
    this.#restarts = new Counter({ name: 'crossroom_process_restarts_total', help, registers })
  }

  restarted(): void {
    this.#restarts.inc()
  }

  scrape(): Promise<string> {
    return this.#registry.metrics()
  }
}
