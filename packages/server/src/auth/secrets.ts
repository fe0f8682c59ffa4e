import type { Config } from '../config/load.js'

/** Values of one secret: the first one signs, each of them is accepted. Empty where there is none. */
export type Ring = readonly string[]

type SecretConfig = Pick<Config, 'apiKey' | 'previous'>

/** The secrets in force. They change while the server runs, so nobody keeps one. */
export class Secrets {
  #config: SecretConfig

  constructor(config: SecretConfig) {
    this.#config = config
  }

  /** From now on those of this configuration hold. */
  replace(config: SecretConfig): void {
    this.#config = config
  }

  /** Keys of REST. */
  get apiKeys(): Ring {
    const { apiKey, previous } = this.#config
    return ringOf(apiKey, previous.apiKey)
  }
}

function ringOf(...values: readonly (string | undefined)[]): Ring {
  return values.filter((value) => value !== undefined)
}
