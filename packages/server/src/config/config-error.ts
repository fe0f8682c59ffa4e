/** The configuration is invalid; `message` names the option, its value and the allowed values. */
export class ConfigError extends Error {
  readonly code = 'BAD_CONFIG'
  override readonly name = 'ConfigError'
}
