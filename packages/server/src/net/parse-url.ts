/**
 * The URL, or undefined if the text is invalid. In Node 20 a compiled `URL.canParse` accepts hosts for which `new
 * URL` throws.
 */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
