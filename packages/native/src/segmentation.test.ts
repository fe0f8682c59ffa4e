import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'

const BINARY = fileURLToPath(new URL('../build/crossroom.node', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'crossroom-gso-'))
const shim = join(folder, 'shim.so')

/** A kernel that refuses super-packets after it took some: the first two calls pass, then each with one fails. */
const SHIM = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags) {
  static int (*real)(int, struct mmsghdr *, unsigned int, int);
  static int calls;
  if (!real) real = dlsym(RTLD_NEXT, "sendmmsg");
  struct cmsghdr *control = CMSG_FIRSTHDR(&messages[0].msg_hdr);
  int segmented = control && control->cmsg_level == IPPROTO_UDP && control->cmsg_type == 103;
  if (segmented && ++calls > 2) {
    errno = atoi(getenv("SHIM_ERRNO"));
    return -1;
  }
  return real(fd, messages, count > 1 ? 1 : count, flags);
}`

/** Sends 40 frames of 10 packets to two destinations and prints what arrived and the egress's counters. */
const SCRIPT = `
  const native = require(${JSON.stringify(BINARY)})
  const open = (onBatch) => {
    const port = native.udpOpen('127.0.0.1', 0, 1 << 22, 1 << 22)
    const lengths = new Uint16Array(256)
    const [addresses, arrivedAt, opened] = [new Uint32Array(256), new Float64Array(256), new Int16Array(256)]
    native.udpStart(port, new Uint8Array(256 * 2048), lengths, addresses, arrivedAt, opened, onBatch)
    return port
  }
  let received = 0
  const from = open(() => {})
  const to = [0, 1].map(() => open((count) => void (received += count)))
  const egress = native.egressCreate(from, 'x', 1 << 24, true, () => {})
  const keys = native.srtpKeysForTest(0, ...[16, 12, 16, 12].map((length) => new Uint8Array(length)), false)
  const tracks = to.map((port) => {
    const address = native.udpAddressOf(from, '127.0.0.1', native.udpBoundPort(port))
    return native.egressAddTrack(egress, native.egressAddDestination(egress, keys, 1, address, 0), new Uint32Array(19), new Uint8Array())
  })
  const source = native.egressAddSource(egress, true, 1 << 20, 64)
  const ends = Uint32Array.from({ length: 10 }, (_, i) => (i + 1) * 500)
  const send = (left) => {
    if (left > 0) {
      const fields = Float64Array.of(left, 10, 1, 1, 0, 0, 255, 2)
      native.egressFrame(egress, source, new Uint8Array(5000), ends, fields, Uint32Array.from(tracks))
      return setTimeout(send, 2, left - 1)
    }
    const counters = new Float64Array(7)
    native.egressCounters(egress, counters)
    if (received < 800 && left > -100) return setTimeout(send, 5, left - 1)
    console.log(JSON.stringify({ received, dropped: counters[3], segmentation: counters[6] }))
    process.exit(0)
  }
  send(40)`

const hasCompiler = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0

beforeAll(() => {
  if (!hasCompiler) return
  const source = join(folder, 'shim.c')
  writeFileSync(source, SHIM)
  execFileSync('cc', ['-shared', '-fPIC', '-o', shim, source, '-ldl'])
})
afterAll(() => rmSync(folder, { recursive: true }))

// Under the sanitizers LD_PRELOAD is theirs.
test.skipIf(!hasCompiler || process.env['CROSSROOM_NATIVE']).each([
  ['EIO', 5],
  ['EINVAL', 22],
])('when the kernel refuses segmentation in mid-run with %s, everything still arrives', (_name, errno) => {
  const env = { ...process.env, LD_PRELOAD: shim, SHIM_ERRNO: String(errno) }
  const answer: unknown = JSON.parse(execFileSync(process.execPath, ['-e', SCRIPT], { encoding: 'utf8', env }))
  expect(answer).toMatchObject({ received: 800, dropped: 0 })
  // EIO ends it for the socket; EINVAL, which a small MTU of one path gives too, for the destinations that had it.
  expect(answer).toMatchObject({ segmentation: errno === 5 ? 0 : 1 })
})
