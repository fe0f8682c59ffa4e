/** The configuration makes no sense; `message` says which option, what came and what is allowed. */
export class ConfigError extends Error {
  readonly code = 'BAD_CONFIG'
  override readonly name = 'ConfigError'
}
