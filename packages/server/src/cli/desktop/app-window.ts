import { spawn, spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline/promises'

type Environment = Readonly<Record<string, string | undefined>>

/** Browsers that open an address in a separate window (`--app=`), by their package names. */
const BROWSERS = [
  ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  ...['microsoft-edge', 'microsoft-edge-stable', 'brave-browser'],
]
/** Longer than any user would wait to join. */
const ASK_MS = 120_000

/** Path of the first browser of the kind that is installed. */
export function findBrowser(environment: Environment): string | undefined {
  return findOnPath(BROWSERS, environment)
}

/** Opens the address in a window without tabs; the browser lives on without us. Resolves when it runs. */
export function openAppWindow(browser: string, address: string, environment: Environment): Promise<void> {
  return new Promise((resolve, reject) => {
    // No shell: the address is one argument whatever is in it, and it begins with --app=.
    const child = spawn(browser, [`--app=${address}`], { env: { ...environment }, detached: true, stdio: 'ignore' })
    child.once('error', reject)
    child.once('spawn', () => {
      child.unref()
      resolve()
    })
  })
}

/**
 * Asks the user on the screen, with the dialogs of the desktop, or else in the terminal. False if no question can be
 * asked: a link must not open a camera without consent.
 */
export async function askPerson(question: string, environment: Environment): Promise<boolean> {
  const dialogs: readonly [string, string[]][] = [
    ['zenity', ['--question', '--no-markup', '--title=Crossroom', `--text=${question}`]],
    ['kdialog', ['--title', 'Crossroom', '--yesno', question]],
    ['xmessage', ['-buttons', 'Join:0,Cancel:1', question]],
  ]
  const hasScreen = environment['DISPLAY'] !== undefined || environment['WAYLAND_DISPLAY'] !== undefined
  for (const [name, args] of hasScreen ? dialogs : []) {
    const dialog = findOnPath([name], environment)
    if (dialog === undefined) continue
    return spawnSync(dialog, args, { env: { ...environment }, stdio: 'ignore', timeout: ASK_MS }).status === 0
  }
  if (!process.stdin.isTTY) return false
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: AbortSignal.timeout(ASK_MS) })
    return /^y(es)?$/i.test(answer.trim())
  } catch {
    return false
  } finally {
    terminal.close()
  }
}

function findOnPath(names: readonly string[], environment: Environment): string | undefined {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  for (const name of names)
    for (const folder of folders) if (isExecutable(join(folder, name))) return join(folder, name)
  return undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
