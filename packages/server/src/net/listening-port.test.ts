import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ListeningPort } from './listening-port.js'

let folder: string
let path: string
const ports: ListeningPort[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crossroom-port-'))
  path = join(folder, 'admin.sock')
})
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
  rmSync(folder, { recursive: true })
})

async function open(server: Server = createServer()): Promise<Server> {
  const port = new ListeningPort(server, { place: { path }, acceptPauseMs: 1, onError: () => undefined })
  ports.push(port)
  await port.listen()
  return server
}

const inUse = expect.objectContaining({ code: 'EADDRINUSE' }) as Error

test('a path at which there is no socket is left alone, also behind a link', async () => {
  writeFileSync(join(folder, 'notes'), 'dear to somebody')
  for (const make of [() => writeFileSync(path, 'dear to somebody'), () => symlinkSync(join(folder, 'notes'), path)]) {
    make()
    await expect(open()).rejects.toThrow(inUse)
    expect(readFileSync(path, 'utf8')).toBe('dear to somebody')
    rmSync(path)
  }
})

test('a socket with a listening process is not replaced', async () => {
  const first = await open()
  await expect(open()).rejects.toThrow(inUse)
  expect(first.listening).toBe(true)
  expect(statSync(path).isSocket()).toBe(true)
})

test('a socket has the mode 0600, also after the process ran out of descriptors', async () => {
  const umask = process.umask(0)
  try {
    const server = await open()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    server.emit('error', Object.assign(new Error('no descriptor is left'), { code: 'EMFILE' }))
    await new Promise((resolve) => server.once('listening', resolve))
    expect(statSync(path).mode & 0o777).toBe(0o600)
  } finally {
    process.umask(umask)
  }
})
