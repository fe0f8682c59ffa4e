import { recordLimits } from '../../config/limits.js'

/** What a template is made of: the name of the stream and the moment of its first frame, in the time zone of the server. */
export interface PathFacts {
  /** `APP/STREAM`, `ROOM/USER/TYPE`. */
  readonly stream: string
  /** Unix milliseconds. */
  readonly atMs: number
}

const VARIABLE = /%(path|[YmdHMSfsz%])/g
const SAFE_STREAM = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/
/** Of a path without its variables: no blanks and no control characters, which break scripts. */
const SAFE_TEXT = /^[\p{L}\p{N}._/+@=-]*$/u

/**
 * Why a template of paths is refused, as a sentence; undefined for a good one. Variables are those of MediaMTX: `%path`, `%Y %m
 * %d %H %M %S`, `%f` (microseconds), `%s` (Unix time), `%z` (time zone).
 */
export function problemOfTemplate(template: string): string | undefined {
  if (template.length > recordLimits.pathChars)
    return `A path template has at most ${String(recordLimits.pathChars)} characters.`
  if (!template.includes('%path')) return 'A path template must contain %path, or streams would share files.'
  const hasTime = template.includes('%s') || ['%Y', '%m', '%d', '%H', '%M', '%S'].every((one) => template.includes(one))
  if (!hasTime) return 'A path template must contain %s, or all of %Y %m %d %H %M %S, or segments would share files.'
  const text = template.replace(VARIABLE, '')
  if (text.includes('%')) return 'A path template has the variables %path, %Y, %m, %d, %H, %M, %S, %f, %s and %z.'
  if (!SAFE_TEXT.test(text))
    return 'A path template is made of letters, digits and . _ / + @ = - besides its variables.'
  if (!isInside(template))
    return 'A path template must stay inside the folder of recordings: no .. and no / at its start.'
  return undefined
}

/** The path of a segment inside the folder of recordings, without its ending; undefined where a name does not fit into one. */
export function pathOf(template: string, { stream, atMs }: PathFacts): string | undefined {
  if (!SAFE_STREAM.test(stream)) return undefined
  const at = new Date(atMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  const values: Record<string, () => string> = {
    path: () => stream,
    Y: () => String(at.getFullYear()),
    m: () => two(at.getMonth() + 1),
    d: () => two(at.getDate()),
    H: () => two(at.getHours()),
    M: () => two(at.getMinutes()),
    S: () => two(at.getSeconds()),
    f: () => String(Math.floor((atMs % 1000) * 1000)).padStart(6, '0'),
    s: () => String(Math.floor(atMs / 1000)),
    z: () => zoneOf(at),
    '%': () => '',
  }
  const path = template.replace(VARIABLE, (_, name: string) => values[name]!())
  return path.length <= recordLimits.pathChars && isInside(path) ? path : undefined
}

/** `+0800`. */
function zoneOf(at: Date): string {
  const minutes = -at.getTimezoneOffset()
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}${String(rest).padStart(2, '0')}`
}

/** Folders whose name begins with a dot are hidden, and ours. */
function isInside(path: string): boolean {
  return path.split('/').every((part) => part !== '' && !part.startsWith('.'))
}
