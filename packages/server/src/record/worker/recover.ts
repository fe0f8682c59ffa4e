import { open, rm, type FileHandle } from 'node:fs/promises'
import {
  FLV_FILE_HEADER_LENGTH,
  FLV_TAG_HEADER_LENGTH,
  readBox,
  readFragmentTracks,
  readTimescales,
  readUint24,
  readUint32,
} from '@crossroom/media'
import type { RecordingFormat } from '../model/journal.js'
import { hashFile, type FinishedFile } from './segment-file.js'

/** What was found in a file that nobody finished. */
export interface Recovered extends FinishedFile {
  readonly durationMs: number
}

/** Boxes that are read whole: heads of fragments. */
const MAX_HEAD_BYTES = 16 * 1024 * 1024
const HEADER_BYTES = 16

/**
 * Cuts off what was written in part when the process was killed, and says what is left; undefined, with the file removed, when
 * that is nothing that plays.
 */
export async function recoverFile(path: string, format: RecordingFormat): Promise<Recovered | undefined> {
  let file: FileHandle
  try {
    file = await open(path, 'r+')
  } catch {
    return undefined
  }
  try {
    const { size } = await file.stat()
    const whole = format === 'mp4' ? await wholeMp4(file, size) : await wholeFlv(file, size)
    if (whole.durationMs > 0 || whole.hasMedia) {
      await file.truncate(whole.end)
      return { ...(await hashFile(file)), durationMs: whole.durationMs }
    }
  } finally {
    await file.close()
  }
  await rm(path, { force: true })
  return undefined
}

interface Whole {
  readonly end: number
  readonly durationMs: number
  readonly hasMedia: boolean
}

/** Up to the last fragment whose media is there completely. */
async function wholeMp4(file: FileHandle, size: number): Promise<Whole> {
  let timescales = new Map<number, number>()
  let [end, durationMs, hasMedia] = [0, 0, false]
  let pending = 0
  for (let at = 0; at < size;) {
    const place = readBox(await read(file, at, HEADER_BYTES), 0)
    if (place === undefined || at + place.end > size) break
    if (place.type === 'moov' || place.type === 'moof') {
      if (place.end > MAX_HEAD_BYTES) break
      const bytes = await read(file, at, place.end)
      if (place.type === 'moov') timescales = readTimescales(bytes) ?? timescales
      else {
        const tracks = readFragmentTracks(bytes)
        if (tracks === undefined) break
        const ends = tracks.map(
          (one) => (1000 * (one.baseDecodeTime + one.duration)) / (timescales.get(one.trackId) ?? 1000),
        )
        pending = Math.max(durationMs, ...ends)
      }
    }
    at += place.end
    if (place.type === 'moof') continue
    if (place.type === 'mdat') [durationMs, hasMedia] = [pending, true]
    end = at
  }
  return { end, durationMs: Math.round(durationMs), hasMedia }
}

async function wholeFlv(file: FileHandle, size: number): Promise<Whole> {
  let [at, durationMs, hasMedia] = [FLV_FILE_HEADER_LENGTH, 0, false]
  while (at + FLV_TAG_HEADER_LENGTH <= size) {
    const head = await read(file, at, FLV_TAG_HEADER_LENGTH)
    const end = at + FLV_TAG_HEADER_LENGTH + readUint24(head, 1) + 4
    if (end > size) break
    const sizes = readUint32(await read(file, end - 4, 4), 0)
    if (sizes !== end - 4 - at) break
    if (head[0] !== 18) {
      durationMs = Math.max(durationMs, readUint24(head, 4) + head[7]! * 0x1000000)
      hasMedia = true
    }
    at = end
  }
  return { end: Math.min(at, size), durationMs, hasMedia }
}

async function read(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  const { bytesRead } = await file.read(bytes, 0, length, position)
  return bytes.subarray(0, bytesRead)
}
