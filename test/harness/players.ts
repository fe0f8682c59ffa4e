/** Players of one page of Chromium: mpegts.js and WHEP for each of several streams. All of it runs in the page. */

/** Where a player is. */
export interface Glance {
  readonly frames: number
  readonly seconds: number
  /** Of decoded or received sound. */
  readonly soundBytes: number
  readonly complaints: readonly string[]
}

interface Player {
  readonly key: string
  readonly video: HTMLVideoElement & { webkitAudioDecodedByteCount?: number }
  readonly complaints: string[]
  readonly connection?: RTCPeerConnection
}

interface FlvPlayer {
  on(event: string, handle: (...said: unknown[]) => void): void
  attachMediaElement(video: HTMLVideoElement): void
  load(): void
  play(): Promise<void>
}

interface PlayersPage {
  players?: Player[]
  mpegts: { createPlayer(source: object, config: object): FlvPlayer; LoggingControl: { enableAll: boolean } }
}

/** Plays APP/STREAM by both. The page has loaded mpegts.js. Chromium opens six connections at most: no more names. */
export async function openPlayers(names: readonly string[]): Promise<void> {
  const { mpegts } = window as unknown as PlayersPage
  const players: Player[] = []
  Object.assign(window, { players })
  mpegts.LoggingControl.enableAll = false
  const add = (key: string, connection?: RTCPeerConnection): Player => {
    const video = Object.assign(document.createElement('video'), { autoplay: true, muted: true, playsInline: true })
    document.body.append(video)
    const player: Player = { key, video, complaints: [], ...(connection && { connection }) }
    players.push(player)
    return player
  }
  const playFlv = (name: string): void => {
    const { video, complaints } = add(`mpegts.js ${name}`)
    const source = { type: 'flv', isLive: true, url: `${location.origin}/${name}.flv` }
    const player = mpegts.createPlayer(source, { enableStashBuffer: false, liveBufferLatencyChasing: true })
    player.on('error', (...said) => complaints.push(said.map((one) => JSON.stringify(one)).join(' ')))
    video.addEventListener('error', () => complaints.push(video.error?.message ?? 'an error'))
    player.attachMediaElement(video)
    player.load()
    void player.play().catch(() => undefined)
  }
  const playWhep = async (name: string): Promise<void> => {
    const connection = new RTCPeerConnection()
    const { video, complaints } = add(`WHEP ${name}`, connection)
    const stream = new MediaStream()
    connection.ontrack = ({ track }) => {
      stream.addTrack(track)
      video.srcObject = stream
    }
    connection.addTransceiver('video', { direction: 'recvonly' })
    connection.addTransceiver('audio', { direction: 'recvonly' })
    await connection.setLocalDescription()
    const headers = { 'Content-Type': 'application/sdp' }
    const body = connection.localDescription!.sdp
    const answer = await fetch(`/whep/${name}`, { method: 'POST', headers, body })
    const sdp = await answer.text()
    if (answer.status === 201) await connection.setRemoteDescription({ type: 'answer', sdp })
    else complaints.push(`${String(answer.status)} ${sdp}`)
  }
  names.forEach(playFlv)
  await Promise.all(names.map(playWhep))
}

/** Where all players of the page are. */
export async function glance(): Promise<Record<string, Glance>> {
  const { players = [] } = window as unknown as PlayersPage
  const looked = players.map(async ({ key, video, complaints, connection }): Promise<[string, Glance]> => {
    let frames = video.getVideoPlaybackQuality().totalVideoFrames
    let soundBytes = video.webkitAudioDecodedByteCount ?? 0
    if (connection !== undefined)
      for (const entry of (await connection.getStats()).values()) {
        const { type, kind, framesDecoded, bytesReceived } = entry as RTCInboundRtpStreamStats
        if (type !== 'inbound-rtp') continue
        if (kind === 'video') frames = framesDecoded ?? 0
        else soundBytes = bytesReceived ?? 0
      }
    return [key, { frames, seconds: video.currentTime, soundBytes, complaints }]
  })
  return Object.fromEntries(await Promise.all(looked))
}
