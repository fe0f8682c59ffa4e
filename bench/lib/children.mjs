// Starts the server and the workers as processes of their own.
import { fork, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../packages/server/bin/crossroom.js', import.meta.url))

/** The built server on free ports. */
export async function startServer(extra = []) {
  const args = ['serve', '--json', '--log-level', 'error', '--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0']
  const child = spawn(process.execPath, [...(process.env.BENCH_NODE_ARGS?.split(' ') ?? []), BIN, ...args, ...extra], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const ports = await new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const message = JSON.parse(line)
      if (message.event === 'listening') resolve(message)
    })
    child.once('exit', (code) => reject(new Error(`The server ended with ${code} before it listened.`)))
  })
  return { pid: child.pid, ports, stop: () => stop(child) }
}

/** A worker of `bench/workers`; `ask` sends it a request and resolves with its answer. */
export function startWorker(name, options) {
  const child = fork(fileURLToPath(new URL(`../workers/${name}.mjs`, import.meta.url)), [JSON.stringify(options)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const ready = new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}.`)))
  })
  const ask = (request) =>
    new Promise((resolve) => {
      child.once('message', resolve)
      child.send(request)
    })
  return { pid: child.pid, ready, ask, stop: () => stop(child) }
}

function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null) resolve()
    child.once('exit', resolve)
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), 5000).unref()
  })
}
