import { pullLimits } from '../config/index.js'
import { decoded, redacted, secretsOfQuery } from '../jobs/index.js'
import { REDACTED } from '../observe/index.js'

/** How a stream is fetched. The first three are read by the server, the others by pull children. */
export type PullKind = 'rtmp' | 'flv' | 'ws-flv' | 'rtsp' | 'hls' | 'srt' | 'file'

/** An address to pull from. Its text holds secrets: {@link shownAddress} is for people. */
export interface PullAddress {
  readonly text: string
  readonly kind: PullKind
  readonly tls: boolean
  /** A name, or an IP address without brackets; empty for a file. */
  readonly host: string
  readonly port: number
  /** Decoded; empty without one. */
  readonly user: string
  readonly password: string
  /** With the query. */
  readonly path: string
}

interface Scheme {
  readonly kind: PullKind
  readonly tls: boolean
  readonly port: number
}

const SCHEMES: Readonly<Record<string, Scheme>> = {
  'rtmp:': { kind: 'rtmp', tls: false, port: 1935 },
  'rtmps:': { kind: 'rtmp', tls: true, port: 443 },
  'http:': { kind: 'flv', tls: false, port: 80 },
  'https:': { kind: 'flv', tls: true, port: 443 },
  'ws:': { kind: 'ws-flv', tls: false, port: 80 },
  'wss:': { kind: 'ws-flv', tls: true, port: 443 },
  'rtsp:': { kind: 'rtsp', tls: false, port: 554 },
  'rtsps:': { kind: 'rtsp', tls: true, port: 322 },
  'srt:': { kind: 'srt', tls: false, port: 0 },
  'file:': { kind: 'file', tls: false, port: 0 },
}

/** What `POST /pulls` and `--pull` say about addresses they refuse. */
export const PULL_ADDRESSES =
  'The address must begin with rtmp://, rtmps://, rtsp://, rtsps://, srt://, file:///, ws:// or wss://, or be http:// or https:// with a path that ends with .flv or .m3u8.'

/** Undefined for anything that cannot be pulled. */
export function parsePullAddress(text: string): PullAddress | undefined {
  if (text.length > pullLimits.urlChars || !URL.canParse(text) || /\s/.test(text)) return undefined
  const url = new URL(text)
  const scheme = SCHEMES[url.protocol]
  const kind = scheme === undefined ? undefined : kindOf(scheme.kind, url.pathname)
  if (scheme === undefined || kind === undefined) return undefined
  const port = url.port === '' ? scheme.port : Number(url.port)
  if (kind === 'file' ? url.host !== '' || url.pathname.length < 2 : url.hostname === '' || port === 0) return undefined
  const [user, password] = [url.username, url.password].map(decoded)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { text, kind, tls: scheme.tls, host, port, user: user!, password: password!, path: url.pathname + url.search }
}

function kindOf(kind: PullKind, path: string): PullKind | undefined {
  if (kind !== 'flv') return kind
  if (path.endsWith('.flv')) return 'flv'
  return path.endsWith('.m3u8') ? 'hls' : undefined
}

/** Scheme, host and path; neither user, password and query nor parts of the path that are called passwords. */
export function shownAddress({ text }: PullAddress): string {
  const { protocol, host, pathname, search, password } = new URL(text)
  const named = pathname.replaceAll(/[^/&]*(?:pass|pwd|token|secret|key)[^/&]*=[^/&]*/gi, REDACTED)
  const path = redacted(named, [password])
  return `${protocol}//${host}${path}${search === '' ? '' : `?${REDACTED}`}`
}

/** A peer may repeat the secrets of an address when it says no, in whatever spelling. */
export function withoutSecrets(sentence: string, address: PullAddress): string {
  const { search, username, password, pathname } = new URL(address.text)
  const inPath = pathname.split(/[/&]/).map((part) => /=(.*)/.exec(part)?.[1] ?? '')
  const credentials = [password, username.length > 0 ? `${username}:${password}` : '']
  return redacted(sentence, [...secretsOfQuery(search.slice(1)), ...credentials, ...inPath], password)
}
