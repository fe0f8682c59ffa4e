import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { start, until } from '../harness/index.js'
import { openRaw } from './attack.js'

const SAMPLE = fileURLToPath(new URL('../../deploy/nginx.conf', import.meta.url))

/** A real nginx on this machine, which hands everything on to one address. */
export interface Nginx {
  readonly origin: string
  stop(): Promise<void>
}

/** Starts one that is told nothing but where to hand on to. */
export async function startNginx(target: string): Promise<Nginx> {
  const port = await freePort()
  const site = `server { listen 127.0.0.1:${String(port)}; location / { proxy_pass ${target}; } }`
  return startWith(temporaryFolder(), site, 'http', port)
}

/** Starts the site of `deploy/`, with a certificate of its own, in front of the HTTP port of a server. */
export async function startSampleSite(httpPort: number, port: number): Promise<Nginx> {
  const folder = temporaryFolder()
  const subject = ['-subj', '/CN=media.example.org', '-days', '1', '-nodes', '-x509', '-newkey', 'rsa:2048']
  const files = ['-keyout', join(folder, 'privkey.pem'), '-out', join(folder, 'fullchain.pem')]
  const { status, stderr } = spawnSync('openssl', ['req', ...subject, ...files])
  if (status !== 0) throw new Error(`openssl made no certificate: ${stderr.toString()}`)
  const site = readFileSync(SAMPLE, 'utf8')
    .replaceAll('/etc/letsencrypt/live/media.example.org', folder)
    .replace('listen 443 ssl', `listen 127.0.0.1:${String(port)} ssl`)
    // The addresses of all machines have no such port free for sure.
    .replace('listen [::]:443 ssl;', '')
    .replace('127.0.0.1:8080', `127.0.0.1:${String(httpPort)}`)
  return startWith(folder, site, 'https', port)
}

/** A port of TCP that nobody has now. */
export function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'crossroom-nginx-'))
}

async function startWith(folder: string, site: string, scheme: 'http' | 'https', port: number): Promise<Nginx> {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  )
  const config = join(folder, 'nginx.conf')
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${join(folder, 'pid')}; error_log stderr;
     events { worker_connections 256; }
     http { access_log off; ${paths.join(' ')} ${site} }`,
  )
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` }
  const nginx = start('nginx', ['-c', config, '-p', folder, '-e', 'stderr'], { env })
  await until('nginx to listen', () => accepts(port), { explain: nginx.output })
  return {
    origin: `${scheme}://127.0.0.1:${String(port)}`,
    stop: async () => {
      await nginx.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function accepts(port: number): Promise<boolean> {
  const { socket } = openRaw(port)
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('close', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
