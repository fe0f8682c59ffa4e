import { createHash } from 'node:crypto'
import { asWord } from '../engine/subject.js'

/** Of a room's id, which has any letters: the word that its keys and subjects share. */
export function roomWord(roomId: string): string {
  return createHash('sha256').update(roomId).digest('base64url').slice(0, 22)
}

export const headKey = (word: string): string => `head.${word}`
export const documentKey = (word: string, tag: string): string => `doc.${word}.${tag}`
export const documentsOf = (word: string): string => `doc.${word}.*`
export const banKey = (word: string, userId: string): string => `ban.${word}.${asWord(userId)}`
/** `holder`: of `[A-Za-z0-9_-]`. */
export const shareKey = (holder: string): string => `share.${holder}`
export const eventSubject = (word: string): string => `x.r.${word}`

/** The last word of a key: the tag of a document. */
export function lastWord(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1)
}
