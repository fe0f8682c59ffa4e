import type { FetchOrder } from './orders.js'

export interface Opening {
  readonly url: string
  /** Undefined: FFmpeg looks. */
  readonly format?: string
  /** Of FFmpeg's formats and protocols. */
  readonly options: Record<string, string>
  /** Whether FFmpeg looks for codecs, and joins pictures. */
  readonly isParsed: boolean
}

/** What may be in a file. A playlist is not: it leads elsewhere. */
const FILES = 'mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,flv,mpegts,mpeg,h264,hevc,aac,mp3,ogg,wav'
const HLS = 'hls,mpegts,mov,mp4,aac,mp3'

/** How FFmpeg opens a source: by the protocols that it needs and no other, so that nothing it reads leads elsewhere. */
export function openingOf(order: FetchOrder, relayUrl: string | undefined): Opening {
  const timeout = String(order.timeoutMs * 1000)
  switch (order.kind) {
    case 'rtsp':
      return {
        url: relayUrl!,
        format: 'rtsp',
        options: {
          ...{
            timeout,
            rtsp_transport: order.transport,
            protocol_whitelist: 'rtsp,rtp,udp,tcp',
            user_agent: 'crossroom',
          },
          ...{ allowed_media_types: 'video+audio', max_delay: '100000' },
        },
        isParsed: false,
      }
    case 'hls':
      return {
        url: order.url,
        format: 'hls',
        options: {
          ...{ rw_timeout: timeout, http_proxy: order.proxy, format_whitelist: HLS, user_agent: 'crossroom' },
          ...{ protocol_whitelist: 'http,https,httpproxy,tls,tcp,crypto', live_start_index: '-2', probesize: '500000' },
        },
        isParsed: true,
      }
    case 'srt':
      return {
        url: order.url,
        format: 'mpegts',
        options: { timeout, protocol_whitelist: 'srt', probesize: '500000', analyzeduration: '1000000' },
        isParsed: true,
      }
    case 'file':
      return {
        url: `file:${order.path}`,
        options: { protocol_whitelist: 'file', format_whitelist: FILES },
        isParsed: true,
      }
  }
}
