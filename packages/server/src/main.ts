import { runCommand } from './cli/program.js'

// Whoever reads our output may leave first (`crossroom serve --help | head`), and a server outlives its terminal.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

process.exitCode = await runCommand(process.argv.slice(2))
