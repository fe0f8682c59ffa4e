/** Where a command writes; the process's own streams, or a test's. */
export interface Output {
  /** A line on stdout: what the command was asked for. */
  print(line: string): void
  /** A line on stderr: what went wrong, or what a person should know. */
  complain(line: string): void
}

/** The streams of this process. */
export const processOutput: Output = {
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
}

/** A command failed; `message` is one sentence with the problem and the remedy. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
