import type { Config } from '../config/index.js'
import { deriveKey } from './derived-key.js'
import type { Ring } from './ring.js'

type SecretConfig = Pick<Config, 'secret' | 'jwtSecret' | 'apiKey' | 'hookSecret' | 'txPlayKey' | 'previous'>

/** The current secrets. They change at run time, so no caller may keep one. */
export class Secrets {
  #config: Partial<SecretConfig>

  constructor(config: Partial<SecretConfig>) {
    this.#config = config
  }

  /** From now on those of this configuration hold. */
  replace(config: Partial<SecretConfig>): void {
    this.#config = config
  }

  /** Signs UserSigs and privateMapKeys, as Tencent's libraries do; keys of everything else are derived from it. */
  get secret(): Ring {
    return ringOf(this.#config.secret, this.#config.previous?.secret)
  }

  get jwtSecret(): Ring {
    return ringOf(this.#config.jwtSecret, this.#config.previous?.jwtSecret)
  }

  /** Keys of REST. */
  get apiKeys(): Ring {
    return ringOf(this.#config.apiKey, this.#config.previous?.apiKey)
  }

  /** Sign hook requests, all at the same time: the receiver may know either. */
  get hooks(): Ring {
    const { hookSecret } = this.#config
    return hookSecret === undefined ? this.secret.map((secret) => deriveKey(secret, 'hook')) : [hookSecret]
  }

  /** Keys of a txSecret to publish: a derived one, and the secret, with which Tencent's own tools make it. */
  get txPublish(): Ring {
    return this.secret.flatMap((secret) => [deriveKey(secret, 'tx-secret'), secret])
  }

  /** The same to play. */
  get txPlay(): Ring {
    const { txPlayKey } = this.#config
    return txPlayKey === undefined ? this.txPublish : [txPlayKey]
  }
}

function ringOf(...values: readonly (string | undefined)[]): Ring {
  return values.filter((value) => value !== undefined)
}
