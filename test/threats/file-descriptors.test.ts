import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { publishRtmp, startServer, until, untilStream, type TestServer } from '../harness/index.js'
import { Bystanders, openFiles, openRaw, type RawSocket } from './attack.js'
import { clipParts, type ClipParts } from './clip.js'

/** Descriptors that the server may take beyond those it has. */
const SPARE = 20
const STRANGERS = 60

let server: TestServer
let clip: ClipParts

beforeAll(async () => {
  ;[server, clip] = await Promise.all([startServer(), clipParts()])
})
afterAll(() => server.stop())

function allow(files: number): void {
  execFileSync('prlimit', ['--pid', String(server.process.child.pid), `--nofile=${String(files)}:`])
}

/** The server's children. */
function children(): number[] {
  const parent = String(server.process.child.pid)
  return readdirSync(`/proc/${parent}/task`)
    .flatMap((task) => readFileSync(`/proc/${parent}/task/${task}/children`, 'utf8').split(' '))
    .filter((pid) => pid !== '')
    .map(Number)
}

test.each(['http', 'rtmp'])(
  'a server without a free file descriptor, its %s port besieged, loses nobody and takes people again when there is one',
  async (port) => {
    const bystanders = await Bystanders.start(server, clip.configs, clip.pictures)
    await until('the codec processes', () => children().length > 1)
    allow(openFiles(server) + SPARE)
    const strangers: RawSocket[] = []
    for (let i = 0; i < STRANGERS; i++) strangers.push(openRaw(server.ports[port]!))
    await until('the last descriptor to be taken', () =>
      strangers.some(({ closedAfterMs }) => closedAfterMs !== undefined),
    )
    // A codec process that dies now cannot be started again until there is a descriptor.
    for (const pid of children()) process.kill(pid, 'SIGKILL')
    const before = server.log().length
    await until('a start that fails', () => server.log().slice(before).includes('EMFILE'))
    for (const { socket } of strangers) socket.destroy()
    await until('new codec processes', () => children().length > 1)
    allow(1024)
    const publisher = await publishRtmp(`${server.rtmp}/live/after-${port}`)
    publisher.send(clip.tags)
    await untilStream(server, `live/after-${port}`, 'live', 1)
    publisher.end()
    expect((await fetch(`${server.http}/healthz`)).status).toBe(200)
    expect((await bystanders.finish()).lost).toBe(0)
  },
)
