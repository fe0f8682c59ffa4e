import type { FlvTag } from '@crossroom/media'
import { mediaOf, type MediaTag } from './flv-media.js'
import { watchHttpFlv, type FlvViewer } from './flv-viewer.js'
import { playRtmp, publishRtmp, type RtmpPeer } from './rtmp-peer.js'
import { untilStream, untilViewers } from './rest.js'
import type { TestServer } from './server.js'
import { until } from './until.js'

/** What came out at the other end of a stream. */
export interface Played {
  /** Tags of a viewer over HTTP-FLV. */
  readonly flv: readonly FlvTag[]
  /** Tags of a viewer over RTMP. */
  readonly rtmp: readonly FlvTag[]
  readonly header: FlvViewer['header']
}

/**
 * Publishes tags over RTMP with our own client and plays them over HTTP-FLV (with `query` on the address) and RTMP. All
 * tags up to and including the first `head` go out before the viewers come.
 */
export async function playTags(
  server: TestServer,
  name: string,
  tags: readonly FlvTag[],
  options: { readonly query?: string; readonly head?: number } = {},
): Promise<Played> {
  const { query = '', head = 20 } = options
  const publisher = await publishRtmp(`${server.rtmp}/${name}`)
  publisher.send(tags.slice(0, head))
  await untilStream(server, name, 'live', 1)
  const viewer = watchHttpFlv(`${server.http}/${name}.flv${query}`)
  const player = await playRtmp(`${server.rtmp}/${name}`)
  await untilViewers(server, name, 2)
  publisher.send(tags.slice(head))
  const last = mediaOf(tags).at(-1)
  try {
    await until('the last frame at both viewers', () => hasGot(viewer.media, last) && hasGot(player.media, last), {
      explain: () => `${String(viewer.media.length)} by FLV, ${String(player.media.length)} by RTMP\n${server.log()}`,
    })
    return { flv: viewer.tags, rtmp: player.tags, header: viewer.header }
  } finally {
    endAll(publisher, player, viewer)
  }
}

function endAll(publisher: RtmpPeer, player: RtmpPeer, viewer: FlvViewer): void {
  publisher.end()
  player.end()
  viewer.close()
}

/** The length tells: a viewer may be promised another spelling of the codec, whose first bytes differ. */
function hasGot(media: readonly MediaTag[], last: MediaTag | undefined): boolean {
  const got = media.findLast((tag) => tag.kind === last?.kind)
  if (got === undefined || last === undefined) return false
  return Buffer.compare(got.body.subarray(-16), last.body.subarray(-16)) === 0
}
