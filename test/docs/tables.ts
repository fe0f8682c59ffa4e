import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DEFAULT_AMF0_LIMITS } from '../../packages/media/src/amf0/value.js'
import { MAX_NAL_UNITS } from '../../packages/media/src/nal/length-prefixed.js'
import { DEFAULT_RTMP_LIMITS } from '../../packages/rtmp/src/limits.js'
import { errorCodes } from '../../packages/protocol/src/error-codes.js'
import { definitionsOf } from '../../packages/server/src/config/index.js'
import { protocols } from '../../packages/server/src/endpoints/index.js'
import * as limits from '../../packages/server/src/config/limits.js'
import { MAX_FRAME_BYTES } from '../../packages/webrtc/src/depacketizer/depacketizer.js'
import { CONSENT_TIMEOUT } from '../../packages/webrtc/src/ice/agent.js'
import { MAX_MEDIA_LINES, MAX_SDP_LINES } from '../../packages/webrtc/src/sdp/remote-description.js'
import { CONNECT_DEADLINE } from '../../packages/webrtc/src/transport/peer-transport.js'

/** The tables of the documents that are made from the code, as Markdown. */

const PACKAGES = resolve(import.meta.dirname, '../../packages')
const LIMITS_FILES = [
  'limits',
  'room-limits',
  'cluster-limits',
  'composite-limits',
  'record-limits',
  'push-limits',
].map((name) => join(PACKAGES, `server/src/config/${name}.ts`))
const KIB = 1024
const MIB = 1024 * KIB

/** Every option of `crossroom serve` in the order of `--help`. */
export function optionTable(): string {
  const rows = definitionsOf(protocols.map(({ options }) => options)).map(
    ({ flag, takes, variable, shownDefault, description }) => {
      const usage = takes === undefined ? `\`${flag}\`` : `\`${flag} ${takes}\``
      const value = shownDefault === undefined ? '' : `\`${shownDefault}\``
      return `| ${usage} | ${value} | ${description}<br>\`${variable}\` |`
    },
  )
  return ['| option | default | what it does, and its variable |', '| --- | --- | --- |', ...rows].join('\n')
}

/** Every error of signaling. */
export function errorTable(): string {
  const rows = Object.entries(errorCodes).map(([code, { sentence, pusher, roomEvent, retryable }]) => {
    const again = retryable ? 'may succeed later' : ''
    return `| \`${code}\` | ${sentence} | ${again} | ${String(pusher ?? '')} | ${String(roomEvent ?? '')} |`
  })
  return ['| code | | | pusher | RoomEvent |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

/** Limits that the protocol packages apply themselves: they may not import the server's. */
export const LIMITS_OF_PACKAGES: readonly (readonly [name: string, inServer: number, inPackage: number])[] = [
  ['depth', limits.amfLimits.depth, DEFAULT_AMF0_LIMITS.maxDepth],
  ['nodes', limits.amfLimits.nodes, DEFAULT_AMF0_LIMITS.maxNodes],
  ['decodedBytes', limits.amfLimits.decodedBytes, DEFAULT_AMF0_LIMITS.maxBytes],
  ['queryBytes', limits.nameLimits.queryBytes, DEFAULT_RTMP_LIMITS.argumentsLength],
  ['frameBytes', limits.mediaLimits.frameBytes, MAX_FRAME_BYTES],
  ['unitsPerFrame', limits.mediaLimits.unitsPerFrame, MAX_NAL_UNITS],
  ['unconnectedMicros', limits.rtcLimits.unconnectedMicros, CONNECT_DEADLINE],
  ['consentMicros', limits.rtcLimits.consentMicros, CONSENT_TIMEOUT],
  ['sdpLines', limits.rtcLimits.sdpLines, MAX_SDP_LINES],
  ['sdpMediaLines', limits.rtcLimits.sdpMediaLines, MAX_MEDIA_LINES],
]

/**
 * Every limit that is in force, one section for each group of the limits, with the comments that stand there. A limit
 * that no code names promises nothing and is left out.
 */
export function limitTables(): string {
  const groups = limits as Readonly<Record<string, Readonly<Record<string, number>>>>
  const named = wordsOfTheCode()
  for (const [name] of LIMITS_OF_PACKAGES) named.add(name)
  return readComments()
    .map(({ name, comment, entries }) => {
      const rows = Object.entries(groups[name]!)
        .filter(([limit]) => named.has(limit))
        .map(([limit, value]) => `| \`${limit}\` | ${describeValue(limit, value)} | ${entries.get(limit) ?? ''} |`)
      return [`## ${name}`, '', comment, '', '| limit | value | |', '| --- | --- | --- |', ...rows].join('\n')
    })
    .join('\n\n')
}

function wordsOfTheCode(): Set<string> {
  const words = new Set<string>()
  for (const file of readdirSync(PACKAGES, { recursive: true, encoding: 'utf8' })) {
    const path = join(PACKAGES, file)
    const isSource = /^[^/]+\/src\/.*\.ts$/.test(file) && !/\.(test|cases|fake|fuzz|bench)\.ts$/.test(file)
    if (!isSource || LIMITS_FILES.includes(path)) continue
    for (const word of readFileSync(path, 'utf8').match(/\w+/g) ?? []) words.add(word)
  }
  return words
}

/** `queueBytes`, 4194304 → `4 MiB`: the unit is in the name. */
export function describeValue(name: string, value: number): string {
  if (name.endsWith('Micros')) return describeMs(value / 1000)
  if (name.endsWith('MicrosPerSecond')) return `${describeMs(value / 1000)} per second`
  if (name.endsWith('Ms')) return describeMs(value)
  if (name === 'micros') return describeMs(value / 1000)
  if (/bytes$/i.test(name)) return describeBytes(value)
  if (/bits(PerSecond)?$/i.test(name)) return `${grouped(value / 1_000_000)} Mbit${name.endsWith('Second') ? '/s' : ''}`
  return grouped(value)
}

function describeMs(ms: number): string {
  return ms >= 1000 && ms % 100 === 0 ? `${grouped(ms / 1000)} s` : `${grouped(ms)} ms`
}

function describeBytes(bytes: number): string {
  if (bytes % MIB === 0) return `${grouped(bytes / MIB)} MiB`
  if (bytes % KIB === 0) return `${grouped(bytes / KIB)} KiB`
  return `${grouped(bytes)} bytes`
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}

interface CommentedGroup {
  readonly name: string
  readonly comment: string
  readonly entries: ReadonlyMap<string, string>
}

/** The doc comments of the limits: TypeScript drops them, and a second copy would go stale. */
function readComments(): CommentedGroup[] {
  const groups: { name: string; comment: string; entries: Map<string, string> }[] = []
  let comment = ''
  for (const line of LIMITS_FILES.flatMap((file) => readFileSync(file, 'utf8').split('\n'))) {
    const group = /^export const (\w+) = \{/.exec(line)?.[1]
    const entry = /^ {2}(\w+):/.exec(line)?.[1]
    const text = /^ *\/?\*+\/? ?(.*?)(?: *\*\/)?$/.exec(line)?.[1]
    if (group !== undefined) groups.push({ name: group, comment, entries: new Map() })
    else if (entry !== undefined) groups.at(-1)?.entries.set(entry, comment)
    else if (text !== undefined) {
      comment = line.trimStart().startsWith('/**') ? text : `${comment} ${text}`.trim()
      continue
    }
    comment = ''
  }
  return groups
}
