import { DEFAULT_QUIRKS, type Quirks } from './quirks.js'

type QuirkName = keyof Quirks

/** How each quirk is spelled on a command line, and what it says of itself. */
const spellings: Readonly<Record<string, { readonly name: QuirkName; readonly help: string }>> = {
  'interleaved-audio': { name: 'interleavedAudio', help: 'sound between the chunks of a picture' },
  'without-1002': { name: 'without1002', help: '1002 is never raised' },
  gop: { name: 'gopSeconds', help: 'seconds from keyframe to keyframe (3)' },
  resize: { name: 'resizeSeconds', help: 'every so many seconds another size, as the bitrate has it (0: never)' },
  'silent-microphone': { name: 'silentMicrophone', help: 'what a microphone sends that is off: silence or nothing' },
  'dark-camera': { name: 'darkCamera', help: 'what a camera sends that is off: black or nothing' },
  'player-cache': { name: 'playerCache', help: 'how much players keep back: asked, short (0.1-0.3 s) or long (1-3 s)' },
  'url-limit': { name: 'urlLimit', help: 'longer addresses, and those with %, fail as on iOS (0: none)' },
  reconnect: { name: 'reconnectMs', help: 'milliseconds between the own attempts to reconnect (1000)' },
}

/** One line per quirk for `--help`. */
export const QUIRK_HELP = Object.entries(spellings)
  .map(([spelling, { help }]) => `      ${spelling.padEnd(20)} ${help}`)
  .join('\n')

/** Reads `NAME` and `NAME=VALUE`. Throws with a sentence that names what there is. */
export function parseQuirks(given: readonly string[]): Partial<Quirks> {
  const quirks: Record<string, string | number | boolean> = {}
  for (const text of given) {
    const at = text.indexOf('=')
    const spelling = at < 0 ? text : text.slice(0, at)
    const known = spellings[spelling]
    if (known === undefined)
      throw new Error(`There is no quirk ${spelling}; there are ${Object.keys(spellings).join(', ')}.`)
    quirks[known.name] = valueOf(spelling, known.name, at < 0 ? undefined : text.slice(at + 1))
  }
  return quirks
}

const WORDS: Partial<Record<QuirkName, readonly string[]>> = {
  silentMicrophone: ['silence', 'nothing'],
  darkCamera: ['black', 'nothing'],
  playerCache: ['asked', 'short', 'long'],
}

function valueOf(spelling: string, name: QuirkName, text: string | undefined): string | number | boolean {
  const standard = DEFAULT_QUIRKS[name]
  if (typeof standard === 'boolean') {
    if (text !== undefined && text !== 'true' && text !== 'false')
      throw new Error(`--quirk ${spelling} takes true or false.`)
    return text !== 'false'
  }
  if (typeof standard === 'number') {
    const number = Number(text)
    if (text === undefined || text === '' || !(number >= 0))
      throw new Error(`--quirk ${spelling} takes a number: ${spelling}=3.`)
    return number
  }
  const words = WORDS[name] ?? []
  if (text === undefined || !words.includes(text)) throw new Error(`--quirk ${spelling} takes ${words.join(' or ')}.`)
  return text
}
