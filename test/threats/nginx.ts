import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { start, until } from '../harness/index.js'

/** A real nginx on this machine, which hands everything on to one address. */
export interface Nginx {
  readonly origin: string
  stop(): Promise<void>
}

/** Starts it; `directives` stand inside `location /`, beside `proxy_pass`. */
export async function startNginx(target: string, directives = ''): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'crossroom-nginx-'))
  const port = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr;
     events { worker_connections 64; }
     http {
       access_log off; ${paths.join(' ')}
       server { listen 127.0.0.1:${String(port)}; location / { proxy_pass ${target}; ${directives} } }
     }`,
  )
  const nginx = start('nginx', ['-c', config, '-p', folder, '-e', 'stderr'])
  const origin = `http://127.0.0.1:${String(port)}`
  const answers = (): Promise<boolean> =>
    fetch(`${origin}/healthz`).then(
      (response) => response.ok,
      () => false,
    )
  await until('nginx to answer', answers, { explain: nginx.output })
  return {
    origin,
    stop: async () => {
      await nginx.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
