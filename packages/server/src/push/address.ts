import { parseRtmpUrl } from '@crossroom/rtmp'
import { pushLimits } from '../config/index.js'
import { decoded, redacted, secretsOfQuery } from '../jobs/index.js'
import { REDACTED } from '../observe/index.js'

/** How a stream is pushed. */
export type PushKind = 'rtmp' | 'whip' | 'srt' | 'rtsp'

/** An address to push to. Its text holds secrets: {@link shownAddress} is for people. */
export interface PushAddress {
  readonly text: string
  readonly kind: PushKind
  readonly tls: boolean
  /** A name, or an IP address without brackets. */
  readonly host: string
  readonly port: number
  /** Decoded; empty without one. */
  readonly user: string
  readonly password: string
  /** With the query. */
  readonly path: string
}

interface Scheme {
  readonly kind: PushKind
  readonly tls: boolean
  readonly port: number
}

const SCHEMES: Readonly<Record<string, Scheme>> = {
  'rtmp:': { kind: 'rtmp', tls: false, port: 1935 },
  'rtmps:': { kind: 'rtmp', tls: true, port: 443 },
  'http:': { kind: 'whip', tls: false, port: 80 },
  'https:': { kind: 'whip', tls: true, port: 443 },
  'srt:': { kind: 'srt', tls: false, port: 0 },
  'rtsp:': { kind: 'rtsp', tls: false, port: 554 },
  'rtsps:': { kind: 'rtsp', tls: true, port: 322 },
}

/** What `POST /pushes` and `--push` say about addresses they refuse. */
export const PUSH_ADDRESSES =
  'The address must be rtmp://HOST[:PORT]/APP/STREAM, rtmps://…, https://HOST/PATH or http://… (WHIP), srt://HOST:PORT, rtsp://HOST[:PORT]/PATH or rtsps://….'

/** Undefined for anything that cannot be pushed to. */
export function parsePushAddress(text: string): PushAddress | undefined {
  if (text.length > pushLimits.urlChars || !URL.canParse(text) || /\s/.test(text)) return undefined
  const url = new URL(text)
  const scheme = SCHEMES[url.protocol]
  const port = url.port === '' ? scheme?.port : Number(url.port)
  if (scheme === undefined || url.hostname === '' || port === undefined || port === 0) return undefined
  if (scheme.kind === 'rtmp' && (parseRtmpUrl(text) === undefined || url.username + url.password !== ''))
    return undefined
  return {
    ...{ text, kind: scheme.kind, tls: scheme.tls, host: url.hostname.replace(/^\[|\]$/g, ''), port },
    ...{ user: decoded(url.username), password: decoded(url.password), path: url.pathname + url.search },
  }
}

/** Server and app only: what stands behind is the key of the stream, or may contain one. WHIP has no app. */
export function shownAddress({ text }: Pick<PushAddress, 'text'>): string {
  const { protocol, host, pathname, search } = new URL(text)
  if (protocol.startsWith('http')) return `${protocol}//${host}/${REDACTED}`
  if (protocol === 'srt:') return `${protocol}//${host}${search === '' ? '' : `?${REDACTED}`}`
  return `${protocol}//${host}/${pathname.split('/')[1] ?? ''}/${REDACTED}`
}

/** A target may repeat the key when it says no: as a whole, or a part of it, in whatever spelling. */
export function withoutSecrets(sentence: string, { text }: Pick<PushAddress, 'text'>, bearer = ''): string {
  const { pathname, search, username, password, protocol } = new URL(text)
  const path = protocol.startsWith('http') ? pathname : pathname.slice(1)
  const name = path.slice(path.indexOf('/') + 1)
  const ofPath = [path + search, name + search, name, ...name.split('/')]
  const credentials = [password, username.length > 0 ? `${username}:${password}` : '', bearer]
  return redacted(sentence, [...ofPath, ...secretsOfQuery(search.slice(1)), ...credentials], password)
}
