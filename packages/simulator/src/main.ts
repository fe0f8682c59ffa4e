import { parseArgs } from 'node:util'

import { NoLibraryError } from './codec/library.js'
import { Phone } from './phone/phone.js'
import { parseQuirks, QUIRK_HELP } from './quirk-options.js'
import { JsonReporter, TextReporter, type Reporter } from './reporter.js'

const HELP = `A Mini Program participant: pushes by RTMP, plays every other member by HTTP-FLV.

  --server ORIGIN            http://HOST:8080, or ws://HOST:8080/signal
  --room ID  --user ID       who enters what
  --sdk-app-id N             with a server that has a secret
  --user-sig SIG             or CROSSROOM_USER_SIG
  --private-map-key KEY      or CROSSROOM_PRIVATE_MAP_KEY
  --push FILE                an FLV file, looped, in place of the test picture; other films and /dev/videoN need ffmpeg
  --duration S               leave after so many seconds; default: at SIGINT or SIGTERM
  --role anchor|audience     default anchor
  --prefer flv|rtmp          what is played first; default flv
  --pitch HZ                 of the test tone; default 440
  --count-only               count frames without decoding them
  --component DIR            the built component; default: the installed one
  --quirk NAME[=VALUE]       what phones do that specifications do not say, may be repeated:
${QUIRK_HELP}
  --json                     one JSON line per event, and one per second and member
`

const STATS_MS = 1000
/** The exit code when it is of no use to try again. */
const CANNOT_RUN = 3
/** The code of the pusher that says: entered. */
const ROOM_IN = 1018
/** RoomEvents after which nothing goes on: the camera, the microphone, the push, the entry. */
const FATAL = new Set<number | string>([-4, -5, -6, -8, -9, -10, -11])

process.exitCode = await main(process.argv.slice(2))

/** Runs one phone; answers the exit code. What went wrong is one sentence on stderr. */
async function main(given: readonly string[]): Promise<number> {
  try {
    const { values } = readArguments(given)
    if (values.help === true) {
      process.stdout.write(HELP)
      return 0
    }
    return await run(values)
  } catch (problem) {
    process.stderr.write(`${(problem as Error).message}\n`)
    return problem instanceof NoLibraryError ? CANNOT_RUN : 1
  }
}

type Values = ReturnType<typeof readArguments>['values']

function readArguments(args: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  return parseArgs({
    args: [...args],
    options: {
      server: text,
      room: text,
      user: text,
      'sdk-app-id': text,
      'user-sig': text,
      'private-map-key': text,
      push: text,
      duration: text,
      role: text,
      prefer: text,
      pitch: text,
      component: text,
      'count-only': flag,
      quirk: { type: 'string', multiple: true },
      json: flag,
      help: flag,
    },
  })
}

async function run(values: Values): Promise<number> {
  const { server, room, user } = values
  if (server === undefined || room === undefined || user === undefined) {
    throw new Error('--server, --room and --user are needed. Try --help.')
  }
  const reporter: Reporter = values.json === true ? new JsonReporter() : new TextReporter()
  let fail: (sentence: string) => void = () => undefined
  let isInRoom = false
  const failed = new Promise<string>((resolve) => (fail = resolve))
  const phone = await Phone.open({
    server,
    roomId: room,
    userId: user,
    sdkAppId: numberOf('sdk-app-id', values['sdk-app-id']),
    userSig: values['user-sig'] ?? process.env['CROSSROOM_USER_SIG'],
    privateMapKey: values['private-map-key'] ?? process.env['CROSSROOM_PRIVATE_MAP_KEY'],
    role: values.role === 'audience' ? 'audience' : 'anchor',
    prefer: values.prefer === 'rtmp' ? 'rtmp' : 'flv',
    push: values.push,
    pitch: numberOf('pitch', values.pitch),
    decode: values['count-only'] !== true,
    component: values.component,
    quirks: parseQuirks(values.quirk ?? []),
    handlers: {
      pusher: (code, message) => {
        isInRoom ||= code === ROOM_IN
        reporter.pusher(code, message)
      },
      player: (userId, code) => reporter.player(userId, code),
      room: (event) => {
        reporter.room(event)
        if (event.tag === 'error' && FATAL.has(event.code)) fail(event.detail)
      },
    },
  })
  const timer = setInterval(() => {
    for (const [userId, stats] of phone.stats()) reporter.stats(userId, stats)
  }, STATS_MS)
  const sentence = await Promise.race([failed, ended(numberOf('duration', values.duration))])
  clearInterval(timer)
  await phone.close()
  if (sentence === undefined && isInRoom) return 0
  process.stderr.write(`${sentence ?? `${server} did not let ${user} in before the end.`}\n`)
  return 1
}

/** Resolves at a signal, after the time that was asked for, or when the program that started this one is gone. */
function ended(seconds: number | undefined): Promise<undefined> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve(undefined))
    process.once('SIGTERM', () => resolve(undefined))
    // A parent process with a channel may die without notice; then the simulator exits too.
    if (process.connected) process.once('disconnect', () => resolve(undefined))
    process.channel?.unref()
    process.once('disconnect', () => resolve(undefined))
    if (seconds !== undefined) setTimeout(() => resolve(undefined), seconds * 1000)
  })
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number) || number < 0)
    throw new Error(`--${name} must be a number, not ${text}.`)
  return number
}
