/** A name from the wire with the arguments behind its `?`. */
export interface NameWithArguments {
  readonly name: string
  /** Without the `?`; empty when there are none. */
  readonly args: string
}

/** Splits at the first `?`. A slash at the end of the name, as encoders leave it in an application name, goes away. */
export function splitArguments(text: string): NameWithArguments {
  const at = text.indexOf('?')
  const name = at < 0 ? text : text.slice(0, at)
  return { name: name.replace(/\/+$/, ''), args: at < 0 ? '' : text.slice(at + 1) }
}

/**
 * The arguments of tcUrl, application and stream name in one map; encoders differ in where they put them (OBS and LiteAV
 * behind the stream name, librtmp also behind the application). What stands later replaces what stands earlier.
 */
export function mergeArguments(...parts: readonly string[]): ReadonlyMap<string, string> {
  const query = new Map<string, string>()
  for (const part of parts) {
    for (const pair of part.split('&')) {
      if (pair === '') continue
      const at = pair.indexOf('=')
      if (at < 0) query.set(percentDecode(pair), '')
      else query.set(percentDecode(pair.slice(0, at)), percentDecode(pair.slice(at + 1)))
    }
  }
  return query
}

/** Percent-decoding that keeps malformed sequences; `+` stays, because base64 signatures contain it. */
function percentDecode(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
