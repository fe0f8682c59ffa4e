/**
 * How a stream is published or played, such as `rtmp` or `whep`: one spelling for grants, metrics, hooks, logs and REST. Each
 * protocol says its own (`endpoints/PROTOCOL/index.ts`). RTMPS counts as `rtmp`, HTTPS and WSS as their plain forms.
 */
export type StreamProtocol = string
