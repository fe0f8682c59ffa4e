import { createHash, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { recordingFormats, type RecordingState } from './journal.js'

/** What a manifest says of one file. */
const manifestSegment = z.object({
  stream: z.string(),
  /** Inside the folder of recordings. */
  path: z.string(),
  startedAt: z.number(),
  durationMs: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  /** SHA-256 of the chain before it and its own hash, both as hexadecimal text. */
  chain: z.string(),
  deleted: z.boolean(),
})

const manifest = z.object({
  version: z.literal(1),
  id: z.string(),
  stream: z.string().optional(),
  room: z.string().optional(),
  userId: z.string().optional(),
  format: z.enum(recordingFormats),
  startedAt: z.number(),
  endedAt: z.number().optional(),
  segments: z.array(manifestSegment),
  /** Who was in the room from when to when, in Unix milliseconds. */
  presences: z.array(
    z.object({ userId: z.string(), name: z.string().optional(), from: z.number(), to: z.number().optional() }),
  ),
})
export type Manifest = z.infer<typeof manifest>

/** A manifest as it is on disk: the signature (Ed25519, RFC 8032) covers the bytes of its text. */
const signedManifest = z.object({ manifest: z.string(), signature: z.string(), publicKey: z.string() })

const NO_CHAIN = '0'.repeat(64)

/** Each link depends on all before it. */
export function chainOf(previous: string, sha256: string): string {
  return createHash('sha256')
    .update(previous + sha256)
    .digest('hex')
}

/** The signed manifest of a recording, as text. */
export function writeManifest(state: RecordingState, privateKey: KeyObject): string {
  const { id, stream, room, userId, format, at: startedAt } = state.begin
  const said: Manifest = {
    ...{ version: 1, id, stream, room, userId, format, startedAt, endedAt: state.endedAt },
    segments: state.order.map(({ stream: of, path, startedAt: at, closed, deleted }) => {
      const { durationMs, bytes, sha256, chain } = closed!
      return { stream: of, path, startedAt: at, durationMs, bytes, sha256, chain, deleted }
    }),
    presences: state.presences,
  }
  const text = JSON.stringify(said)
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
  const signature = sign(null, Buffer.from(text), privateKey).toString('base64')
  return `${JSON.stringify({ manifest: text, signature, publicKey }, undefined, 2)}\n`
}

/** What a signed manifest says, and whose key signed it; or why it proves nothing, as a sentence. */
export function readManifest(text: string): { manifest: Manifest; publicKey: KeyObject } | { problem: string } {
  try {
    const { manifest: said, signature, publicKey: pem } = signedManifest.parse(JSON.parse(text))
    const publicKey = createPublicKey(pem)
    if (
      publicKey.asymmetricKeyType !== 'ed25519' ||
      !verify(null, Buffer.from(said), publicKey, Buffer.from(signature, 'base64'))
    )
      return { problem: 'The signature of the manifest is wrong.' }
    const parsed = manifest.parse(JSON.parse(said))
    return problemOfChain(parsed) ?? { manifest: parsed, publicKey }
  } catch {
    return { problem: 'The manifest cannot be read.' }
  }
}

/** SHA-256 of the key in DER, for people to compare. */
export function fingerprintOf(publicKey: KeyObject): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

function problemOfChain({ segments }: Manifest): { problem: string } | undefined {
  let chain = NO_CHAIN
  for (const segment of segments) {
    chain = chainOf(chain, segment.sha256)
    if (chain !== segment.chain) return { problem: `The chain breaks at ${segment.path}.` }
  }
  return undefined
}
