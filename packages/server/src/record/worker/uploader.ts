import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { join } from 'node:path'
import { AwsV4Signer } from 'aws4fetch'
import { recordLimits } from '../../config/limits.js'
import type { UploadSettings } from '../ipc.js'

/** A file for the store. */
export interface Upload {
  /** Inside the folder of recordings, and of the bucket. */
  readonly path: string
  /** Hexadecimal: the signature covers it, so the store notices a changed byte. */
  readonly sha256: string
  readonly done: () => void
}

/** Puts files into an S3-compatible store, one after the other, each again and again until the store has it. */
export class Uploader {
  readonly #folder: string
  readonly #settings: UploadSettings
  readonly #tell: (problem: string | undefined) => void
  readonly #queue: Upload[] = []
  #isRunning = false

  constructor(folder: string, settings: UploadSettings, tell: (problem: string | undefined) => void) {
    this.#folder = folder
    this.#settings = settings
    this.#tell = tell
  }

  get waiting(): number {
    return this.#queue.length
  }

  add(upload: Upload): void {
    this.#queue.push(upload)
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    let pauseMs: number = recordLimits.uploadRetryFirstMs
    for (let upload = this.#queue[0]; upload !== undefined; upload = this.#queue[0]) {
      const problem = await this.#put(upload).catch((error: unknown) => whyOf(error))
      // A file that somebody took away cannot be uploaded, however long it is tried.
      if (problem === undefined || problem === 'ENOENT') {
        this.#queue.shift()
        if (problem === undefined) upload.done()
        this.#tell(undefined)
        pauseMs = recordLimits.uploadRetryFirstMs
      } else {
        this.#tell(problem)
        await new Promise((resolve) => setTimeout(resolve, pauseMs))
        pauseMs = Math.min(pauseMs * 2, recordLimits.uploadRetryMaxMs)
      }
    }
    this.#isRunning = false
  }

  /** Why the store does not have it; undefined when it does. */
  async #put({ path, sha256 }: Upload): Promise<string | undefined> {
    const { url, keyId, secret, region } = this.#settings
    const file = join(this.#folder, path)
    const { size } = await stat(file)
    const signer = new AwsV4Signer({
      ...{ url: `${url}/${path.split('/').map(encodeURIComponent).join('/')}`, method: 'PUT', service: 's3', region },
      ...{ accessKeyId: keyId, secretAccessKey: secret, headers: { 'x-amz-content-sha256': sha256 } },
    })
    const signed = await signer.sign()
    const send = signed.url.protocol === 'https:' ? requestHttps : requestHttp
    return new Promise((resolve, reject) => {
      const headers = { ...Object.fromEntries(signed.headers), 'content-length': String(size) }
      const request = send(signed.url, { method: 'PUT', headers, timeout: recordLimits.uploadSilentMs })
      request.on('timeout', () => request.destroy(new Error('it does not answer')))
      request.on('error', reject)
      request.on('response', (response) => {
        response.resume()
        const { statusCode = 0 } = response
        response.on('end', () =>
          resolve(statusCode >= 200 && statusCode < 300 ? undefined : `HTTP status ${String(statusCode)}`),
        )
        response.on('error', reject)
      })
      const body = createReadStream(file)
      body.on('error', (error) => request.destroy(error))
      body.pipe(request)
    })
  }
}

function whyOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return code ?? message
}
