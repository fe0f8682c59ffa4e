/** The hub's key of the lower simulcast layer of a stream: its picture alone with the same sound. */
export function smallKeyOf(key: string): string {
  return `${key}/small`
}
