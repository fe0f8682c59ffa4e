import { randomUUID } from 'node:crypto'

/** Unguessable, and usable as the name of a file. */
export function newJobId(): string {
  return randomUUID()
}
