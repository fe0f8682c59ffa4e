/** Output streams of a command: the process's own, or a test's. */
export interface Output {
  /** A line on stdout: the result of the command. */
  print(line: string): void
  /** A line on stderr: an error or a note for the user. */
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
