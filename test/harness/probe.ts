import { run } from './process.js'

/** One coded frame as ffprobe sees it. */
export interface ProbedPacket {
  readonly kind: 'video' | 'audio'
  /** Seconds; absent when the container has none. */
  readonly pts?: number
  readonly dts?: number
  readonly bytes: number
  readonly keyframe: boolean
  /** Of the payload, when `hash` was asked for. */
  readonly hash?: string
}

/** A track as ffprobe sees it. */
export interface ProbedTrack {
  readonly kind: 'video' | 'audio'
  readonly codec: string
  readonly width?: number
  readonly height?: number
  readonly sampleRate?: number
  readonly channels?: number
}

/** What ffprobe read. */
export interface Probed {
  readonly tracks: readonly ProbedTrack[]
  readonly packets: readonly ProbedPacket[]
}

/** How much ffprobe reads. */
export interface ProbeOptions {
  /** Stops after so many seconds of the stream; default 3. Live streams have no end of their own. */
  readonly seconds?: number
  /** A hash of each payload, to compare what went in with what came out. */
  readonly hash?: boolean
  /** More options before the address. */
  readonly args?: readonly string[]
}

interface RawProbe {
  streams?: Record<string, string | number>[]
  packets?: Record<string, string>[]
}

/** Reads a live address or a file with ffprobe. Throws what ffprobe said when it fails. */
export async function probe(url: string, options: ProbeOptions = {}): Promise<Probed> {
  const { seconds = 3, hash = false, args = [] } = options
  const show = ['-show_streams', '-show_packets', ...(hash ? ['-show_data_hash', 'sha256'] : [])]
  const interval = ['-read_intervals', `%+${String(seconds)}`]
  const { code, stdout, stderr } = await run(
    'ffprobe',
    ['-v', 'error', '-of', 'json', ...show, ...interval, ...args, url],
    seconds * 1000 + 20_000,
  )
  if (code !== 0) throw new Error(`ffprobe ${url} ended with ${String(code)}: ${stderr.trim()}`)
  const raw = JSON.parse(stdout) as RawProbe
  return { tracks: (raw.streams ?? []).flatMap(trackOf), packets: (raw.packets ?? []).flatMap(packetOf) }
}

function trackOf(stream: Record<string, string | number>): ProbedTrack[] {
  const kind = stream['codec_type']
  if (kind !== 'video' && kind !== 'audio') return []
  const codec = String(stream['codec_name'])
  if (kind === 'video') return [{ kind, codec, width: Number(stream['width']), height: Number(stream['height']) }]
  return [{ kind, codec, sampleRate: Number(stream['sample_rate']), channels: Number(stream['channels']) }]
}

function packetOf(packet: Record<string, string>): ProbedPacket[] {
  const kind = packet['codec_type']
  if (kind !== 'video' && kind !== 'audio') return []
  return [
    {
      kind,
      bytes: Number(packet['size']),
      keyframe: packet['flags']?.startsWith('K') ?? false,
      ...(packet['pts_time'] === undefined ? {} : { pts: Number(packet['pts_time']) }),
      ...(packet['dts_time'] === undefined ? {} : { dts: Number(packet['dts_time']) }),
      ...(packet['data_hash'] === undefined ? {} : { hash: packet['data_hash'] }),
    },
  ]
}
