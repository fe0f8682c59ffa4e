// Starts the built server and the workers as processes of their own.
import { fork, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../../packages/server/bin/crossroom.js', import.meta.url))
/** Opens REST and `/metrics`: send them with it. */
export const WITH_KEY = { authorization: 'Bearer a-key-for-the-servers-of-benchmarks' }
const START_ATTEMPTS = 3
const START_MS = 20_000
const STOP_MS = 5000
const running = new Set()

/** After a benchmark that failed: nothing of it may disturb the next one. */
export function killAll() {
  for (const child of running) child.kill('SIGKILL')
}

process.on('exit', killAll)

/**
 * Ages of a server: when all its processes are there, the spare codec process too, so that memory can be compared; and when
 * they have collected the garbage of their start, which V8 does some eight seconds later and which is nobody's cost.
 */
export const COMPLETE_MS = 3500
export const QUIET_MS = 12_000

/** The built server on free ports. `BENCH_NODE_ARGS` goes to its node, for profiles and flags. */
export async function startServer(options = []) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryStart(options)
    } catch (error) {
      // A UDP port that the kernel chose may be taken as a TCP port.
      if (attempt === START_ATTEMPTS) throw error
    }
  }
}

const withApiKey = () => ({ ...process.env, CROSSROOM_API_KEY: WITH_KEY.authorization.slice('Bearer '.length) })

async function tryStart(options) {
  const nodeArgs = process.env.BENCH_NODE_ARGS?.split(' ') ?? []
  const ports = ['--rtmp-port', '0', '--http-port', '0', '--rtc-port', '0', '--drain-notice', '0']
  const args = [...nodeArgs, BIN, 'serve', '--json', '--log-level', 'error', ...ports, ...options]
  const child = keep(spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: withApiKey() }))
  const lines = createInterface({ input: child.stdout })
  const listening = await new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const message = JSON.parse(line)
      if (message.event !== 'listening') return
      clearTimeout(timer)
      resolve(message)
    })
    const fail = (what) => {
      child.kill('SIGKILL')
      reject(new Error(`The server ${what}.`))
    }
    child.once('exit', (code) => fail(`ended with ${code} before it listened`))
    const timer = setTimeout(() => fail('did not listen in time'), START_MS)
  })
  const startedAt = performance.now()
  const reachAge = (ms) => sleep(Math.max(0, startedAt + ms - performance.now()))
  return { pid: child.pid, ports: listening, reachAge, stop: () => stop(child) }
}

/**
 * A process of `bench/workers`, once it is ready: what it said then, and `ask`, which sends a request and awaits its answer.
 * `execArgv` are options of its node.
 */
export async function startWorker(name, options = {}, execArgv = []) {
  const script = fileURLToPath(new URL(`../workers/${name}.mjs`, import.meta.url))
  const child = keep(
    fork(script, [JSON.stringify(options)], { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  )
  const answer = () =>
    new Promise((resolve, reject) => {
      const fail = (code) => reject(new Error(`The worker ${name} ended with ${code}.`))
      child.once('exit', fail)
      child.once('message', (message) => {
        child.off('exit', fail)
        resolve(message)
      })
    })
  const ready = await answer()
  const ask = (request) => {
    const answered = answer()
    child.send(request)
    return answered
  }
  return { pid: child.pid, ready, ask, stop: () => stop(child) }
}

function keep(child) {
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve()
      return
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill('SIGTERM')
  })
}
