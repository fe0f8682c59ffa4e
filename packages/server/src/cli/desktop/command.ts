import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { CommandError, type Output } from '../output.js'
import { askPerson, findBrowser, openAppWindow } from './app-window.js'
import { callAddress, parseDesktopLink } from './link.js'
import { canRegister, registerSchemes, unregisterSchemes, type DesktopHost } from './registration.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Adds `crossroom desktop register | unregister | open LINK`. */
export function addDesktopCommand(program: Command, environment: Environment, output: Output): void {
  const desktop = program
    .command('desktop')
    .description('Open crossroom:// and wxlite:// links in an app window (Linux).')
  const host: DesktopHost = {
    environment,
    platform: process.platform,
    node: process.execPath,
    script: fileURLToPath(new URL('../../../bin/crossroom.js', import.meta.url)),
  }
  const say = (lines: readonly string[]): void => lines.forEach((line) => output.print(line))
  desktop
    .command('register')
    .description('Register this command for such links, for this user.')
    .action(() => say(registerSchemes(checked(host))))
  desktop
    .command('unregister')
    .description('Undo the registration.')
    .action(() => say(unregisterSchemes(checked(host))))
  desktop
    .command('open')
    .description('Open the call of a link after a confirmation; the desktop runs this for a click.')
    .argument('<LINK>', 'crossroom://start?server=https://HOST&room=ID[&user=][&name=][&ticket=]')
    .option('--yes', 'join without asking')
    .action(async (link: string, { yes }: { yes?: true }) => {
      await openLink(link, yes === true, environment, output)
    })
}

async function openLink(text: string, isAgreed: boolean, environment: Environment, output: Output): Promise<void> {
  const link = parseDesktopLink(text)
  if (typeof link === 'string') throw new CommandError(link)
  const browser = findBrowser(environment)
  if (browser === undefined)
    throw new CommandError('No Chromium, Chrome or Edge was found; install one, or open the invitation in a browser.')
  const question = `Join the call in room ${link.roomId} on ${link.server}?`
  if (!isAgreed && !(await askPerson(question, environment))) {
    output.complain('The call was not joined.')
    return
  }
  await openAppWindow(browser, callAddress(link), environment)
}

function checked(host: DesktopHost): DesktopHost {
  if (canRegister(host)) return host
  throw new CommandError('Links can be registered on Linux only. Elsewhere, open the invitation in a browser.')
}
