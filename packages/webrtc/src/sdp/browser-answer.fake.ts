/** How the answer differs from one that accepts everything. */
export interface AnswerChoice {
  /** Payload types that the browser knows; default all. */
  readonly codecs?: readonly number[]
  /** Mids that it does not want. */
  readonly inactive?: readonly string[]
  /** Mids that it refuses (port 0). */
  readonly refused?: readonly string[]
}

const TRANSPORT = [
  'a=ice-ufrag:BRWS',
  'a=ice-pwd:browserPassword0123456789',
  `a=fingerprint:sha-256 ${Array(32).fill('CD').join(':')}`,
  'a=setup:active',
]

/** Lines of an offer that an answer repeats, apart from those with a payload type. */
const REPEATED = /^a=(mid|extmap|rtcp-mux|rtcp-rsize)/
const OF_PAYLOAD_TYPE = /^a=(?:rtpmap|fmtp|rtcp-fb):(\d+)/

/** The answer to our offer as Chromium writes it: the same m-lines, turned round. */
export function browserAnswer(offer: string, choice: AnswerChoice = {}): string {
  const [session, ...media] = offer.split(/^(?=m=)/m)
  const group = /^a=group:.*\r\n/m.exec(session!)![0]
  const head = `v=0\r\no=- 7 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n${group}a=extmap-allow-mixed\r\n`
  return head + media.map((section) => answerSection(section, choice)).join('')
}

function answerSection(section: string, { codecs, inactive = [], refused = [] }: AnswerChoice): string {
  const lines = section.split('\r\n').filter((line) => line !== '')
  const [kind, , protocol, ...types] = lines[0]!.split(' ')
  const mid = lines.find((line) => line.startsWith('a=mid:'))!.slice('a=mid:'.length)
  const known = types.filter((type) => codecs?.includes(Number(type)) ?? true)
  // Without a codec in common the m-line is refused.
  const isRefused = refused.includes(mid) || known.length === 0
  const isInactive = isRefused || inactive.includes(mid) || lines.includes('a=inactive')
  const kept = lines.filter((line) => {
    const type = OF_PAYLOAD_TYPE.exec(line)?.[1]
    return type === undefined ? REPEATED.test(line) : known.includes(type)
  })
  const answer = [
    `${kind} ${isRefused ? 0 : 9} ${protocol} ${(known.length === 0 ? types : known).join(' ')}`,
    'c=IN IP4 0.0.0.0',
    ...TRANSPORT,
    isInactive ? 'a=inactive' : 'a=recvonly',
    ...kept,
  ]
  return answer.map((line) => `${line}\r\n`).join('')
}
