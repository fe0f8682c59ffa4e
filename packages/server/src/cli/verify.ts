import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { verifyFolder } from '../record/index.js'
import { CommandError, type Output } from './output.js'

/** `crossroom verify FOLDER`: whether recordings are as they were recorded. */
export function addVerifyCommand(program: Command, output: Output, exit: (code: number) => void): void {
  program
    .command('verify')
    .description('Check the recordings of a folder against their signed manifests: signatures, chains, every file.')
    .argument('<FOLDER>')
    .option('--key <FILE>', 'public key (PEM) that must have signed (default: the one that each manifest names)')
    .option('--json', 'print one JSON object per recording')
    .action(async (folder: string, options: { key?: string; json?: boolean }) => {
      exit(await runVerify(folder, options, output))
    })
}

async function runVerify(folder: string, options: { key?: string; json?: boolean }, output: Output): Promise<number> {
  const key = options.key === undefined ? undefined : readKey(options.key)
  const verdicts = await verifyFolder(folder, key).catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException
    throw new CommandError(`${folder} has no manifests of recordings that can be read (${code ?? message}).`)
  })
  if (verdicts.length === 0) throw new CommandError(`${folder} has no manifests of recordings.`)
  for (const { id, problems, files, key: signer } of verdicts) {
    if (options.json === true)
      output.print(JSON.stringify({ id, ok: problems.length === 0, problems, files, key: signer }))
    else if (problems.length === 0) output.print(`${id}: ${String(files)} files are as recorded, signed by ${signer!}`)
    else for (const problem of problems) output.print(`${id}: ${problem}`)
  }
  return verdicts.every(({ problems }) => problems.length === 0) ? 0 : 1
}

function readKey(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new CommandError(`The key ${path} cannot be read. Check --key.`)
  }
}
