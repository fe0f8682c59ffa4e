/** How a stream is published or played. One spelling for grants, metrics, hooks, logs and the REST API. */
export const STREAM_PROTOCOLS = ['rtmp', 'http-flv', 'ws-flv', 'whip', 'whep', 'webrtc'] as const

/**
 * One of {@link STREAM_PROTOCOLS}. RTMPS counts as `rtmp`, HTTPS and WSS as their plain forms; `webrtc` is a browser in a room,
 * whose offers and answers go by signaling.
 */
export type StreamProtocol = (typeof STREAM_PROTOCOLS)[number]
