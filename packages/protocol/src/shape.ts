import type { ErrorCode } from './error-codes.js'

/** Why a value is invalid: the field, its value, and the allowed values, for a sentence. */
export class Mismatch {
  readonly field: string
  readonly came: string
  readonly allowed: string
  readonly code: ErrorCode

  constructor(field: string, value: unknown, allowed: string, code: ErrorCode = 'BAD_REQUEST') {
    this.field = field
    this.came = describe(value)
    this.allowed = allowed
    this.code = code
  }

  get sentence(): string {
    return `${this.field} is ${this.came}; allowed is ${this.allowed}.`
  }
}

/** Validates a JSON value and returns it typed, without unknown fields, or returns why it is invalid. */
export type Shape<T> = (value: unknown, field: string) => T | Mismatch

/** A field that may be absent; JSON's null counts as absent. */
export interface OptionalShape<T> {
  readonly optional: Shape<T>
}

type IsOptional<T, Key extends keyof T> = Record<never, never> extends Pick<T, Key> ? true : false

/** For each field of T its shape, an optional one where the field is optional. */
type FieldShapes<T> = {
  readonly [Key in keyof T]-?: IsOptional<T, Key> extends true
    ? OptionalShape<Exclude<T[Key], undefined>>
    : Shape<T[Key]>
}

/** An object; fields that are not named are left out, for fields are only ever added to the protocol. */
export function object<T extends object>(shapes: FieldShapes<T>): Shape<T> {
  const fields = Object.entries<Shape<unknown> | OptionalShape<unknown>>(shapes)
  return (value, field) => {
    if (!isObject(value)) return new Mismatch(field, value, 'an object')
    const result: Record<string, unknown> = {}
    for (const [name, shape] of fields) {
      const isRequired = typeof shape === 'function'
      const given = value[name]
      if (!isRequired && (given === undefined || given === null)) continue
      const read = (isRequired ? shape : shape.optional)(given, field === '' ? name : `${field}.${name}`)
      if (read instanceof Mismatch) return read
      result[name] = read
    }
    return result as T
  }
}

export function optional<T>(shape: Shape<T>): OptionalShape<T> {
  return { optional: shape }
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, field) => (value === null ? null : shape(value, field))
}

export function list<T>(shape: Shape<T>, maxLength: number): Shape<readonly T[]> {
  return (value, field) => {
    if (!Array.isArray(value) || value.length > maxLength) {
      return new Mismatch(field, value, `a list of at most ${maxLength}`)
    }
    const result: T[] = []
    for (const [index, item] of value.entries()) {
      const read = shape(item, `${field}[${index}]`)
      if (read instanceof Mismatch) return read
      result.push(read)
    }
    return result
  }
}

/** One of some strings or numbers; `otherwise` stands for those that a newer peer may add. */
export function oneOf<const T extends string | number>(values: readonly T[], otherwise?: NoInfer<T>): Shape<T> {
  const allowed = values.map((value) => JSON.stringify(value)).join(', ')
  return (value, field) => {
    const found = values.find((candidate) => candidate === value)
    if (found !== undefined) return found
    return otherwise !== undefined && typeof value === typeof otherwise
      ? otherwise
      : new Mismatch(field, value, allowed)
  }
}

/** The first matching shape; the error is that of the last one. */
export function either<A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> {
  return (value, field) => {
    const read = first(value, field)
    return read instanceof Mismatch ? second(value, field) : read
  }
}

export const boolean: Shape<boolean> = (value, field) =>
  typeof value === 'boolean' ? value : new Mismatch(field, value, 'true or false')

export function integer(min: number, max: number): Shape<number> {
  return (value, field) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : new Mismatch(field, value, `a whole number from ${min} to ${max}`)
}

/** Text that passes a test; `allowed` completes the sentence "allowed is …". */
export function text(allowed: string, isAllowed: (value: string) => boolean): Shape<string> {
  return (value, field) => (typeof value === 'string' && isAllowed(value) ? value : new Mismatch(field, value, allowed))
}

/** Text of at most this many UTF-16 code units, for ASCII by nature. */
export function textUpTo(maxLength: number, minLength = 0): Shape<string> {
  const range = minLength === 0 ? `at most ${maxLength}` : `${minLength} to ${maxLength}`
  return text(`a text of ${range} characters`, (value) => value.length >= minLength && value.length <= maxLength)
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const SHOWN_LENGTH = 32
const UNPRINTABLE = /[^\x20-\x7e]/g

/** A short description of the value: long or strange input is not repeated. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value !== 'string') return 'an object'
  if (value.length > SHOWN_LENGTH) return `a text of ${value.length} characters`
  return `"${value.replace(UNPRINTABLE, '?')}"`
}
