import type { AudioConfig, CodecConfig, VideoConfig } from '@crossroom/media'

/** A codec config as it goes through the pipe: byte fields as base64 text. */
interface ConfigJson {
  readonly kind?: unknown
  readonly codec?: unknown
  readonly description?: unknown
  readonly parameterSets?: unknown
}

/** What `JSON.stringify` can write. */
export function configToJson(config: CodecConfig): object {
  const description = toBase64(config.description)
  return config.kind === 'audio'
    ? { ...config, description }
    : { ...config, description, parameterSets: config.parameterSets.map(toBase64) }
}

/**
 * The config again; undefined for anything that `configToJson` did not write. Both ends are of one release, so that
 * only what a mixed-up pipe could bring is checked.
 */
export function configFromJson(json: unknown): CodecConfig | undefined {
  if (typeof json !== 'object' || json === null) return undefined
  const { kind, codec, description, parameterSets } = json as ConfigJson
  if (typeof codec !== 'string' || typeof description !== 'string') return undefined
  if (kind === 'audio') return { ...(json as AudioConfig), description: fromBase64(description) }
  if (kind !== 'video' || !Array.isArray(parameterSets)) return undefined
  return {
    ...(json as VideoConfig),
    description: fromBase64(description),
    parameterSets: parameterSets.map((set) => fromBase64(String(set))),
  }
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'))
}
