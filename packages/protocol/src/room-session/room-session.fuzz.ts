import { pollAll } from '@crossroom/testkit'
import { notifications } from '../json-rpc.cases.js'
import { writeError, writeNotification, writeResult } from '../json-rpc.js'
import { RoomSession } from './room-session.js'
import { alice, enterResult } from './room-session.fake.js'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const MAX_OUTPUTS_PER_STEP = 8
const limits = { users: 4, pendingRequests: 4 }

/** Between two texts: what else happens to a session. The first byte of each line of the input chooses. */
const OPEN = 0x6f
const CLOSED = 0x63
const TIMEOUT = 0x74
const REQUEST = 0x72
const SUBSCRIBE = 0x73
const NETWORK_CHANGED = 0x6e
const LEAVE = 0x6c
const ENTER = 0x65

function act(session: RoomSession, now: number, line: Uint8Array): void {
  switch (line[0]) {
    case OPEN:
      return session.handleInput(now, { kind: 'open' })
    case CLOSED:
      return session.handleInput(now, { kind: 'closed', code: line[1] ?? 1006, reason: '' })
    case TIMEOUT:
      return
    case REQUEST:
      session.request(now, 'room.info', {})
      return
    case SUBSCRIBE:
      session.subscribe(now, 'all')
      return
    case NETWORK_CHANGED:
      return session.networkChanged(now)
    case LEAVE:
      return session.leave(now)
    case ENTER:
      return session.enter(now, alice)
    default:
      return session.handleInput(now, { kind: 'text', text: decoder.decode(line) })
  }
}

/** Everything that the session says now; it must not be without end, nor wait for the past. */
function drain(session: RoomSession, now: number): void {
  const { outputs, events, wakeAt } = pollAll(session, now)
  if (outputs.length > MAX_OUTPUTS_PER_STEP) throw new Error(`${outputs.length} outputs for one input`)
  for (const event of events)
    if (event.kind === 'users' && event.users.length > limits.users) throw new Error('more users than the limit')
  if (wakeAt <= now) throw new Error('what is due stays due')
}

const lines = (...parts: readonly string[]) => encoder.encode(parts.join('\n'))
const entered = writeResult<'room.enter'>('1', enterResult(['bob', 'carol']))

export const fuzzTargets = [
  {
    name: 'room-session',
    seeds: (): Uint8Array[] => [
      lines('o', entered, ...notifications.slice(0, 8).map(({ method, params }) => writeNotification(method, params))),
      lines(
        'o',
        entered,
        'r',
        's',
        'c',
        't',
        'o',
        writeError('4', 'RESUME_FAILED'),
        writeResult('5', {}),
        'l',
        'c',
        'e',
      ),
      lines('o', writeError('1', 'DRAINING', undefined, 9), 't', 'o', entered, 'n', 'n', 't', 't', 'l', 'e', 'o'),
    ],
    run: (input: Uint8Array): void => {
      const session = new RoomSession({ client: { kind: 'other', version: '' }, random: () => 0.5, limits })
      let now = 0
      session.enter(now, alice)
      drain(session, now)
      for (let start = 0; start < input.length;) {
        const end = input.indexOf(0x0a, start)
        const stop = end < 0 ? input.length : end
        now += 300_000 * ((input[start] ?? 0) & 0x1f)
        act(session, now, input.subarray(start, stop))
        drain(session, now)
        start = stop + 1
      }
    },
  },
]
