/** Does the work before it returns; an exception becomes a rejection. */
export function promised<Result>(work: () => Result | PromiseLike<Result>): Promise<Result> {
  return new Promise((resolve) => resolve(work()))
}
