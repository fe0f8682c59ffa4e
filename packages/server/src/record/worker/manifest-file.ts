import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecordingState } from '../model/journal.js'
import { writeManifest } from '../model/manifest.js'
import { MANIFESTS } from '../verify.js'

/** The manifests of a folder, signed with a key that is made at the first use. The public half lies beside them. */
export class ManifestFiles {
  readonly #folder: string
  readonly #key: KeyObject
  #writing: Promise<void> = Promise.resolve()

  /** Throws when the key can neither be read nor made. */
  constructor(folder: string, keyFile: string) {
    this.#folder = folder
    this.#key = readKey(keyFile)
  }

  pathOf(id: string): string {
    return join(MANIFESTS, `${id}.json`)
  }

  /** Rejects with the error of the file system. */
  write(state: RecordingState): Promise<void> {
    return this.#next(async () => {
      const path = join(this.#folder, this.pathOf(state.id))
      await mkdir(join(this.#folder, MANIFESTS), { recursive: true, mode: 0o750 })
      await writeFile(`${path}.tmp`, writeManifest(state, this.#key), { mode: 0o640 })
      await rename(`${path}.tmp`, path)
    })
  }

  remove(id: string): Promise<void> {
    return this.#next(() => rm(join(this.#folder, this.pathOf(id)), { force: true }))
  }

  #next(act: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(act)
    this.#writing = done.catch(() => undefined)
    return done
  }
}

function readKey(path: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
  writeFileSync(`${path}.pub`, publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o644 })
  return privateKey
}
