import type { Machine, Micros } from '@crossroom/media'

/** What a machine had to say at one moment, and when it wants to be polled again. */
export interface PolledAll<Output, Event> {
  readonly outputs: Output[]
  readonly events: Event[]
  readonly wakeAt: Micros
}

/** Polls a machine to the end. */
export function pollAll<Output, Event>(
  machine: Pick<Machine<never, Output, Event>, 'poll'>,
  now: Micros,
): PolledAll<Output, Event> {
  const outputs: Output[] = []
  const events: Event[] = []
  for (;;) {
    const polled = machine.poll(now)
    if (typeof polled === 'number') return { outputs, events, wakeAt: polled }
    if ('output' in polled) outputs.push(polled.output)
    else events.push(polled.event)
  }
}
