/** Values of one secret: the first one signs, each of them is accepted. Empty without a secret. */
export type Ring = readonly string[]

/** The first result that is more specific than `invalid`. */
export function firstVerdict<Verdict extends string>(
  ring: Ring,
  verify: (secret: string) => Verdict,
): Verdict | 'invalid' {
  for (const secret of ring) {
    const verdict = verify(secret)
    if (verdict !== 'invalid') return verdict
  }
  return 'invalid'
}
