import { z } from 'zod'

/** How options are written. Whoever has options, the server and each protocol, writes them with these. */

/** What an option needs besides its type. */
export interface OptionMeta {
  readonly description: string
  /** The placeholder of the value in `--help`; absent for switches. */
  readonly takes?: string
  /** Never shown: neither in `--help` as a default nor in an error message. */
  readonly secret?: true
  /** The option of the server that it stands behind in `--help`; absent: behind all of them. */
  readonly after?: string
}

/** Options by camelCase name; `z` says what may stand there, {@link OptionMeta} what `--help` tells. */
export type OptionShape = Readonly<Record<string, z.ZodType>>

/** The options of a shape after parsing. */
export type OptionsOf<Shape extends OptionShape> = { readonly [Name in keyof Shape]: z.output<Shape[Name]> }

const toNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^\d{1,12}$/.test(value.trim()) ? Number(value) : value

/** Some writers of YAML take `off` for false. */
const toPortOrOff = (value: unknown): unknown =>
  value === false || (typeof value === 'string' && /^off$/i.test(value.trim())) ? 'off' : toNumber(value)

const toBoolean = (value: unknown): unknown => {
  if (typeof value !== 'string') return value
  if (/^(1|true|yes|on)$/i.test(value)) return true
  return /^(0|false|no|off|)$/i.test(value) ? false : value
}

const toList = (value: unknown): unknown =>
  typeof value === 'string'
    ? value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
    : value

export const text = (meta: OptionMeta) =>
  z
    .string(`must be a text`)
    .trim()
    .min(1, 'must not be empty')
    .optional()
    .meta({ ...meta })

const wholeNumber = (min: number, max: number) => {
  const message = `must be a whole number from ${String(min)} to ${String(max)}`
  return z.int(message).min(min, message).max(max, message)
}

export const count = (min: number, max: number, value: number, description: string) =>
  z.preprocess(toNumber, wholeNumber(min, max).default(value)).meta({ takes: 'N', description })

export const port = (value: number, description: string) =>
  z
    .preprocess(toNumber, portNumber())
    .default(value)
    .meta({ takes: 'PORT', description: `${description}; 0 selects a free port` })

/** The same for a port that is not opened unless it is given. */
export const optionalPort = (description: string) =>
  z
    .preprocess(toNumber, portNumber())
    .optional()
    .meta({ takes: 'PORT', description: `${description}; 0 selects a free port` })

/** A port without TLS, which may be closed if one with TLS is open. */
export const plainPort = (value: number, description: string) =>
  z
    .preprocess(toPortOrOff, z.union([z.literal('off'), portNumber()], 'must be a port from 0 to 65535, or off'))
    .default(value)
    .meta({ takes: 'PORT', description: `${description}; 0 selects a free port, off closes it (requires TLS)` })

const portNumber = () => {
  const message = 'must be a port from 0 to 65535'
  return z.int(message).min(0, message).max(65535, message)
}

export const list = (item: z.ZodType<string>, meta: OptionMeta) =>
  z
    .preprocess(toList, z.array(item, 'must be a comma-separated list'))
    .default([])
    .meta({ ...meta })

export const flag = (description: string) =>
  z.preprocess(toBoolean, z.boolean('must be true or false')).default(false).meta({ description })

export const choice = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, `must be one of ${values.join(', ')}`)

export const address = (schemes: readonly string[]) =>
  z
    .string('must be a text')
    .refine((value) => isUrl(value, schemes), `must be an address beginning with ${schemes.join(' or ')}`)

/** A base address, without a slash at its end. */
export const url = (schemes: readonly string[], meta: OptionMeta) =>
  address(schemes)
    .transform((value) => value.replace(/\/+$/, ''))
    .optional()
    .meta({ takes: 'URL', ...meta })

/** The same option, told in `--help` behind one of the server's. */
export const after = <Option extends z.ZodType>(name: string, option: Option): Option => option.meta({ after: name })

/** One option, for the command line and `--help`. */
export interface OptionDefinition {
  /** camelCase, the field of `Config`. */
  readonly name: string
  /** `--rtmp-port`, without the dashes it is the name in the file. */
  readonly flag: string
  /** `CROSSROOM_RTMP_PORT`. */
  readonly variable: string
  /** `PORT`; undefined for switches. */
  readonly takes: string | undefined
  readonly description: string
  /** Whether its value must never be shown. */
  readonly secret: boolean
  /** As text for `--help`; undefined if there is no default or the description contains it. */
  readonly shownDefault: string | undefined
}

export function metaOf(option: z.ZodType): OptionMeta {
  return option.meta() as unknown as OptionMeta
}

export function definitionOf(name: string, option: z.ZodType): OptionDefinition {
  const meta = metaOf(option)
  const kebab = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const value = option.safeParse(undefined).data
  return {
    name,
    flag: `--${kebab}`,
    variable: `CROSSROOM_${kebab.replaceAll('-', '_').toUpperCase()}`,
    takes: meta.takes,
    description: meta.description,
    secret: meta.secret ?? false,
    shownDefault: typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
  }
}

function isUrl(value: string, schemes: readonly string[]): boolean {
  return schemes.some((scheme) => value.startsWith(scheme)) && URL.canParse(value)
}
