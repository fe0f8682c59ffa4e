/** Values of one secret: the first one signs, each of them is accepted. Empty where there is none. */
export type Ring = readonly string[]

/** What the first secret says that says more than `invalid`. */
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
