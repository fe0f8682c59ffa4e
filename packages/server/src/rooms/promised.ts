/** The work is done before this returns; what it throws is a rejection. */
export function promised<Result>(work: () => Result): Promise<Result> {
  return new Promise((resolve) => resolve(work()))
}
