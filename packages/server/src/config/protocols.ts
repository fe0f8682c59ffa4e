/** How a stream is published or played. One spelling for grants, metrics, hooks, logs and the REST API. */
export const STREAM_PROTOCOLS = ['rtmp', 'http-flv', 'ws-flv', 'whip', 'whep'] as const

/** One of {@link STREAM_PROTOCOLS}. RTMPS counts as `rtmp`, HTTPS and WSS as their plain forms. */
export type StreamProtocol = (typeof STREAM_PROTOCOLS)[number]
