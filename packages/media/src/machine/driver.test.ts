import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { Driver } from './driver.js'
import type { Machine, Polled } from './machine.js'
import { Outbox } from './outbox.js'

/** Echoes every input as an output and an event, and asks to be polled at `wakeAt`. */
class Echo implements Machine<string, string, string> {
  readonly outbox = new Outbox<string, string>()
  wakeAt = Infinity

  handleInput(_now: number, input: string): void {
    this.outbox.send(`out ${input}`)
    this.outbox.tell(`event ${input}`)
  }

  poll(now: number): Polled<string, string> {
    if (this.wakeAt <= now) {
      this.wakeAt = Infinity
      this.outbox.tell(`woken ${String(now)}`)
    }
    return this.outbox.take() ?? this.wakeAt
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
    machine.outbox.send('farewell')
    inner.drain()
    seen.push('closed')
  })
  driver.handleInput('a')
  expect(seen).toEqual(['out a', 'event a', 'farewell', 'closed'])
})

test('events that come up inside a handler follow in their order, their output at once', () => {
  const { driver, seen, machine } = drive((event, inner) => {
    if (event !== 'event a') return
    inner.handleInput('b')
    machine.outbox.tell('last')
    inner.drain()
    seen.push('done')
  })
  driver.handleInput('a')
  expect(seen).toEqual(['out a', 'event a', 'out b', 'done', 'event b', 'last'])
})

test('answers are used again, and a drain inside a handler takes nothing from it', () => {
  const machine = new Echo()
  machine.handleInput(0, 'a')
  machine.handleInput(0, 'b')
  const answers = [machine.poll(0), machine.poll(0), machine.poll(0), machine.poll(0)]
  expect(new Set(answers).size).toBe(2)

  const { driver, seen } = drive((event, inner) => {
    if (event !== 'event a') return
    inner.handleInput('b')
    seen.push(event)
  })
  driver.handleInput('a')
  expect(seen).toEqual(['out a', 'event a', 'out b', 'event a', 'event b'])
})

test('no handler is called after one has closed the driver', () => {
  const { driver, seen, machine } = drive((_event, inner) => inner.close())
  machine.outbox.tell('first')
  machine.outbox.tell('second')
  driver.drain()
  expect(seen).toEqual(['first'])
})

test('one timer stands for all wake-ups: it is moved to an earlier one, and asks again where the time is later', () => {
  const { clock, driver, machine, seen } = drive()
  machine.wakeAt = 2000
  driver.drain()
  machine.wakeAt = 1000
  driver.drain()
  expect([clock.pending, clock.next]).toEqual([1, 1000])
  machine.wakeAt = 3000
  driver.drain()
  expect([clock.pending, clock.next]).toEqual([1, 1000])
  clock.advance(2999)
  expect(seen).toEqual([])
  clock.advance(1)
  expect(seen).toEqual(['woken 3000'])
})

test('a machine that waits for input alone has no timer, and a closed driver neither', () => {
  const { clock, driver, machine, seen } = drive()
  machine.wakeAt = 1000
  driver.drain()
  machine.wakeAt = Infinity
  driver.drain()
  expect(clock.pending).toBe(0)
  machine.wakeAt = 1000
  driver.drain()
  driver.close()
  driver.close()
  expect(clock.pending).toBe(0)
  driver.handleInput('late')
  expect(seen).toEqual([])
})
