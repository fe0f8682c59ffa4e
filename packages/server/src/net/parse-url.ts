/** The URL, or undefined where it is none. Node 20's `URL.canParse`, once compiled, says yes to hosts that `new URL` throws at. */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
