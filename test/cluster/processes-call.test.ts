import { expect, test } from 'vitest'
import { until, WITH_KEY } from '../harness/index.js'
import { useSimulatedRoom, type OpenPhone } from '../interop/simulator/simulated-room.js'
import { pidOf } from './server-processes.js'

const room = useSimulatedRoom(['--processes', '2'])

/** Of each process, by its number; none when the process that was to answer ended. */
async function figures(name: string): Promise<Record<string, number>> {
  const signal = AbortSignal.timeout(5000)
  const text = await fetch(`${room.server.http}/metrics`, { headers: WITH_KEY, signal }).then(
    (response) => response.text(),
    () => '',
  )
  const found = text.matchAll(new RegExp(`^crossroom_${name}\\{[^}]*process="(\\d)"[^}]*\\} (\\d+)$`, 'gm'))
  return Object.fromEntries([...found].map(([, process, value]) => [process!, Number(value)]))
}

test('a call goes over two processes, and over the end of one of them: all come back, and nobody was seen leaving', async () => {
  const phones = new Map<string, OpenPhone>()
  const sockets = (): Promise<Record<string, number>> => figures('signaling_sockets')
  // Each connection goes to the next process: which one is not ours to say.
  while (phones.size < 2 || Object.values(await sockets()).some((count) => count === 0)) {
    expect(phones.size).toBeLessThan(6)
    const userId = `phone${String(phones.size)}`
    phones.set(userId, await room.open(userId))
  }
  const allSeen = (frames: number): Promise<unknown> =>
    Promise.all(
      [...phones].flatMap(([userId, phone]) =>
        [...phones.keys()].filter((other) => other !== userId).map((other) => phone.untilPlays(other, frames)),
      ),
    )
  await allSeen(20)
  const [[dead]] = Object.entries(await sockets()) as [[string, number]]
  process.kill(pidOf(room.server, Number(dead)), 'SIGKILL')
  const killedAt = performance.now()
  await until('the process to be back', async () => Object.keys(await sockets()).length === 2, { timeoutMs: 30_000 })
  await allSeen(30)
  for (const phone of phones.values()) expect(phone.codes()).not.toContain(1032)
  expect(performance.now() - killedAt).toBeLessThan(30_000)
  expect(room.server.log()).toContain('A process ended and is started again')
})
