// The other end of `startWorker`.

/** What the worker was started with. */
export const options = JSON.parse(process.argv[2] ?? '{}')

/** Answers requests by their first word: `{ begin: () => …, end: () => … }`. Says `ready` to whoever started the worker. */
export function serve(ready, handlers = {}) {
  process.on('message', async ({ command, ...rest }) => process.send((await handlers[command]?.(rest)) ?? {}))
  // Nobody is left to answer to.
  process.on('disconnect', () => process.exit())
  process.send(ready)
}
