/** The server and the stream that a client requests. */
export interface RtmpUrl {
  readonly isTls: boolean
  /** Without the brackets of an IPv6 address. */
  readonly host: string
  /** Default 1935, with TLS 443. */
  readonly port: number
  /** Everything between host and stream name; may hold slashes. */
  readonly app: string
  /** The last part of the path, with the arguments behind its `?`. */
  readonly streamName: string
  /** The address without the stream name, as `connect` sends it. */
  readonly tcUrl: string
}

const RTMP_PORT = 1935
const RTMPS_PORT = 443
const PATTERN = /^(rtmps?):\/\/(\[[0-9a-f:.]+\]|[^/?#:@[\]\s]+)(?::(\d{1,5}))?\/([^?#\s]+)(\?[^\s]*)?$/i

/** Reads `rtmp[s]://HOST[:PORT]/APP/STREAM[?ARGUMENTS]`. Undefined for anything else. */
export function parseRtmpUrl(text: string): RtmpUrl | undefined {
  const [, scheme, authority, portText, path, args = ''] = PATTERN.exec(text) ?? []
  if (scheme === undefined || authority === undefined || path === undefined) return undefined
  const isTls = scheme.toLowerCase() === 'rtmps'
  const defaultPort = isTls ? RTMPS_PORT : RTMP_PORT
  const port = portText === undefined ? defaultPort : Number(portText)
  const slash = path.lastIndexOf('/')
  const app = path.slice(0, Math.max(slash, 0))
  const name = path.slice(slash + 1)
  if (app === '' || name === '' || port < 1 || port > 65_535) return undefined
  const host = authority.startsWith('[') ? authority.slice(1, -1) : authority
  const tcUrl = `${scheme.toLowerCase()}://${authority}${port === defaultPort ? '' : `:${port}`}/${app}`
  return { isTls, host, port, app, streamName: name + args, tcUrl }
}
