import { createPublicKey, type KeyObject } from 'node:crypto'
import { open, readdir, readFile } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { fingerprintOf, readManifest, type Manifest } from './model/manifest.js'
import { hashFile } from './worker/segment-file.js'

/** Inside the folder of recordings. */
export const MANIFESTS = '.manifest'

/** One recording, as `crossroom verify` judges it. */
export interface Verdict {
  /** Of the manifest's file. */
  readonly id: string
  /** Sentences; none when everything is as it was recorded. */
  readonly problems: readonly string[]
  readonly files: number
  /** SHA-256 of the key that signed. */
  readonly key: string | undefined
}

/**
 * Compares every recording of the folder with its manifest: signature, chain, and the hash of each file that was not deleted by
 * the server itself. `key` (PEM) is the only one that may have signed; default: any.
 */
export async function verifyFolder(folder: string, key: string | undefined): Promise<Verdict[]> {
  const trusted = key === undefined ? undefined : createPublicKey(key)
  const names = (await readdir(join(folder, MANIFESTS))).filter((name) => name.endsWith('.json')).sort()
  const verdicts: Verdict[] = []
  for (const name of names) verdicts.push(await verifyOne(folder, name, trusted))
  return verdicts
}

async function verifyOne(folder: string, name: string, trusted: KeyObject | undefined): Promise<Verdict> {
  const id = name.slice(0, -'.json'.length)
  const read = readManifest(await readFile(join(folder, MANIFESTS, name), 'utf8'))
  if ('problem' in read) return { id, problems: [read.problem], files: 0, key: undefined }
  const { manifest, publicKey } = read
  const problems: string[] = []
  if (trusted !== undefined && !trusted.equals(publicKey)) problems.push('Another key signed the manifest.')
  if (manifest.id !== id) problems.push('The manifest is that of another recording.')
  for (const segment of manifest.segments) {
    const problem = segment.deleted ? undefined : await problemOf(folder, segment)
    if (problem !== undefined) problems.push(problem)
  }
  return { id, problems, files: manifest.segments.length, key: fingerprintOf(publicKey) }
}

async function problemOf(
  folder: string,
  { path, sha256, bytes }: Manifest['segments'][number],
): Promise<string | undefined> {
  if (normalize(path) !== path || path.startsWith('/') || path.startsWith('..'))
    return `${path} lies outside the folder.`
  try {
    const file = await open(join(folder, path), 'r')
    try {
      const found = await hashFile(file)
      if (found.sha256 === sha256) return undefined
      return found.bytes === bytes
        ? `${path} was changed.`
        : `${path} has ${String(found.bytes)} bytes instead of ${String(bytes)}.`
    } finally {
      await file.close()
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? `${path} is missing.` : `${path} cannot be read (${code ?? 'unreadable'}).`
  }
}
