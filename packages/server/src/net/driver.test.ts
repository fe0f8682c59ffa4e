import type { Machine } from '@crossroom/media'
import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { Driver } from './driver.js'

/** Echoes every input as an output and an event, and asks to be called `timeoutAfter` later. */
class Echo implements Machine<string, string, string> {
  readonly outputs: string[] = []
  readonly events: string[] = []
  timeoutAt: number | undefined

  handleInput(_now: number, input: string): void {
    this.outputs.push(`out ${input}`)
    this.events.push(`event ${input}`)
  }
  handleTimeout(now: number): void {
    this.timeoutAt = undefined
    this.events.push(`timeout ${String(now)}`)
  }
  pollOutput(): string | undefined {
    return this.outputs.shift()
  }
  pollEvent(): string | undefined {
    return this.events.shift()
  }
  pollTimeout(): number | undefined {
    return this.timeoutAt
  }
}

function drive(
  onEvent: (event: string, driver: Driver<string, string, string>, machine: Echo) => void = () => undefined,
) {
  const clock = new VirtualClock(0)
  const machine = new Echo()
  const seen: string[] = []
  const driver = new Driver(machine, clock, {
    output: (output) => seen.push(output),
    event: (event) => {
      seen.push(event)
      onEvent(event, driver, machine)
    },
  })
  return { clock, machine, driver, seen }
}

test('the output that an input led to goes out before its event is told', () => {
  const { driver, seen } = drive()
  driver.handleInput('a')
  expect(seen).toEqual(['out a', 'event a'])
})

test('a handler that gives a command and drains has its output passed on before it returns', () => {
  const { driver, seen, machine } = drive((event, inner) => {
    if (event !== 'event a') return
    machine.outputs.push('farewell')
    inner.drain()
    seen.push('closed')
  })
  driver.handleInput('a')
  expect(seen).toEqual(['out a', 'event a', 'farewell', 'closed'])
})

test('a timeout is waited for, moved, and given up with the driver', () => {
  const { clock, driver, machine, seen } = drive()
  machine.timeoutAt = 1000
  driver.drain()
  machine.timeoutAt = 2000
  driver.drain()
  clock.advance(1500)
  expect(seen).toEqual([])
  clock.advance(500)
  expect(seen).toEqual(['timeout 2000'])
  machine.timeoutAt = 3000
  driver.drain()
  driver.close()
  driver.close()
  clock.advance(5000)
  driver.handleInput('late')
  expect(seen).toEqual(['timeout 2000'])
})
