import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { start, type RunningProcess } from './process.js'
import { until } from './until.js'

const MODULE = '/usr/lib/nginx/modules/ngx_rtmp_module.so'

/** A real nginx with its RTMP module: `live/…` is played and recorded, `keyed/…` asks `auth` before it accepts. */
export interface NginxRtmp {
  /** `rtmp://127.0.0.1:PORT` */
  readonly rtmp: string
  /** Files that were recorded so far. */
  recordings(): string[]
  /** Ends it as `kill -9` does, and `start` brings it back on its port. */
  kill(): Promise<void>
  start(): Promise<void>
  /** It keeps its connections and reads nothing more. */
  freeze(): void
  stop(): Promise<void>
}

/** A port of TCP that nobody has now. */
export function freeTcpPort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

/** `auth`: the address that `on_publish` asks. */
export async function startNginxRtmp(auth = 'http://127.0.0.1:9/'): Promise<NginxRtmp> {
  if (!existsSync(MODULE)) throw new Error(`${MODULE} is not there: apt-get install libnginx-mod-rtmp`)
  const folder = mkdtempSync(join(tmpdir(), 'crossroom-nginx-rtmp-'))
  const port = await freeTcpPort()
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `load_module ${MODULE};
     daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr info;
     events { worker_connections 256; }
     rtmp { server { listen 127.0.0.1:${String(port)};
       application live { live on; record all; record_path ${folder}; record_unique on; record_suffix -%s.flv; }
       application keyed { live on; on_publish ${auth}; } } }`,
  )
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` }
  let nginx: RunningProcess | undefined
  const begin = async (): Promise<void> => {
    const started = (nginx = start('nginx', ['-c', config, '-p', folder, '-e', 'stderr'], { env }))
    await until('nginx to listen', () => accepts(port), { explain: started.output })
  }
  await begin()
  return {
    rtmp: `rtmp://127.0.0.1:${String(port)}`,
    recordings: () =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.flv'))
        .map((name) => join(folder, name)),
    kill: async () => {
      nginx?.child.kill('SIGKILL')
      await nginx?.exited
    },
    start: begin,
    freeze: () => void nginx?.child.kill('SIGSTOP'),
    stop: async () => {
      nginx?.child.kill('SIGCONT')
      await nginx?.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
