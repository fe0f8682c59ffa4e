import { REDACTED } from '../../../observe/index.js'
import type { ForwardTargetAddress } from './rtmp-forward.js'

/** Shorter parts of an address are no keys, and would take half of a sentence along. */
const MIN_KEY_CHARS = 4

/** Server and app only: the path after the app is the stream key, and the query may contain one. */
export function shownTarget({ url }: ForwardTargetAddress): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}/${pathname.split('/')[1] ?? ''}/${REDACTED}`
}

/** A target may repeat the key when it says no: as a whole, or a part of it, in whatever spelling. */
export function withoutKeys(error: string, { url }: ForwardTargetAddress): string {
  const { pathname, search } = new URL(url)
  const path = `${pathname.slice(1)}${search}`
  const [name = '', query = ''] = path.slice(path.indexOf('/') + 1).split('?')
  const parts = [
    path,
    name,
    query,
    ...name.split('/'),
    ...query.split('&').map((field) => field.replace(/^[^=]*=/, '')),
  ]
  const spellings = parts
    .flatMap((part) => [part, decoded(part), encodeURIComponent(decoded(part))])
    .filter((part) => part.length >= MIN_KEY_CHARS)
  return spellings.sort((a, b) => b.length - a.length).reduce((text, part) => text.replaceAll(part, REDACTED), error)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
