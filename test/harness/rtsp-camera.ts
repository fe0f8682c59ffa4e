import { fileURLToPath } from 'node:url'
import { start, type RunningProcess } from './process.js'
import { until } from './until.js'

const PROGRAM = fileURLToPath(new URL('./rtsp-camera.py', import.meta.url))

/** What an RTSP camera sends, and to whom. */
export interface CameraOptions {
  /** Default `h264`; false: none. */
  readonly video?: 'h264' | 'h264-one-slice' | 'h264-b' | 'h265' | 'mjpeg' | false
  readonly audio?: 'aac' | 'opus' | 'pcmu' | 'pcma'
  /** Default 640, 360, 25 and 500. */
  readonly width?: number
  readonly height?: number
  readonly fps?: number
  readonly kbps?: number
  /** Pictures from keyframe to keyframe, default 25. */
  readonly gop?: number
  /** The only transport it offers; default: all. */
  readonly transport?: 'tcp' | 'udp'
  readonly user?: string
  readonly password?: string
  /** Default basic. */
  readonly auth?: 'basic' | 'digest'
  /** Files of its certificate. */
  readonly cert?: string
  readonly key?: string
  readonly port?: number
}

export interface RtspCamera {
  readonly port: number
  /** `rtsp://127.0.0.1:PORT/cam` */
  readonly url: string
  /** It keeps its connections and says nothing more, as a camera whose program hangs. */
  hang(): void
  goOn(): void
  stop(): Promise<void>
}

/** Starts GStreamer's RTSP server, the system's own. */
export async function startCamera(options: CameraOptions = {}): Promise<RtspCamera> {
  const lines: string[] = []
  const camera: RunningProcess = start('/usr/bin/python3', [PROGRAM, JSON.stringify(options)], {}, (line) =>
    lines.push(line),
  )
  const line = await until('the camera to listen', () => lines[0], { explain: camera.output })
  const { port } = JSON.parse(line) as { port: number }
  const scheme = options.cert === undefined ? 'rtsp' : 'rtsps'
  return {
    port,
    url: `${scheme}://127.0.0.1:${String(port)}/cam`,
    hang: () => void camera.child.kill('SIGSTOP'),
    goOn: () => void camera.child.kill('SIGCONT'),
    stop: () => {
      camera.child.kill('SIGCONT')
      return camera.stop()
    },
  }
}
