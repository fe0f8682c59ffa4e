import { runCommand } from './cli/program.js'

// The reader of our output may exit first (`crossroom serve --help | head`), and a server outlives its terminal.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const code = await runCommand(process.argv.slice(2))
// A server that could not start may hold a child process or a port of those that it did open.
if (code !== 0) process.exit(code)
