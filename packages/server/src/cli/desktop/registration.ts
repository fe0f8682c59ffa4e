import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DESKTOP_SCHEMES } from './link.js'

/** The machine's facilities for a registration. */
export interface DesktopHost {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly platform: string
  /** Absolute path of the node that runs, and of the command's script. */
  readonly node: string
  readonly script: string
}

const FILE = 'crossroom.desktop'
const MIME_TYPES = DESKTOP_SCHEMES.map((scheme) => `x-scheme-handler/${scheme}`)
/** The line that marks the file as ours to delete. */
const OWNER = 'X-Crossroom=desktop'

/** Whether links are registered by files of the freedesktop.org specifications here. */
export function canRegister({ platform }: DesktopHost): boolean {
  return platform === 'linux'
}

/**
 * Registers this command as the handler of the schemes for this user (Desktop Entry Specification; MIME Applications
 * Associations). Idempotent. Returns the changes, in sentences.
 */
export function registerSchemes(host: DesktopHost): string[] {
  const path = entryPath(host)
  mkdirSync(dirname(path), { recursive: true })
  const entry = entryOf(host)
  const isThere = existsSync(path) && readFileSync(path, 'utf8') === entry
  if (!isThere) writeFileSync(path, entry)
  const said = [isThere ? `${path} already exists.` : `Wrote ${path}.`]
  const updated = runTool(host, 'update-desktop-database', [dirname(path)])
  const chosen = runTool(host, 'xdg-mime', ['default', FILE, ...MIME_TYPES])
  if (!updated && !chosen)
    said.push('Install xdg-utils, so that browsers and the desktop notice the change immediately.')
  said.push(`Links that begin with ${DESKTOP_SCHEMES.map((scheme) => `${scheme}://`).join(' or ')} now open a call.`)
  return said
}

/** Undoes exactly what {@link registerSchemes} did. */
export function unregisterSchemes(host: DesktopHost): string[] {
  const path = entryPath(host)
  if (!existsSync(path) || !readFileSync(path, 'utf8').includes(OWNER)) return ['Nothing was registered.']
  rmSync(path)
  runTool(host, 'update-desktop-database', [dirname(path)])
  forgetDefaults(join(configHome(host), 'mimeapps.list'))
  return [`Removed ${path}.`]
}

function entryOf({ node, script }: DesktopHost): string {
  return `[Desktop Entry]
Type=Application
Name=Crossroom
Comment=Opens calls from crossroom:// links
Exec=${quoted(node)} ${quoted(script)} desktop open %u
Terminal=false
NoDisplay=true
MimeType=${MIME_TYPES.join(';')};
${OWNER}
`
}

/** Quoting of `Exec` (Desktop Entry Specification, "The Exec key"): within double quotes, and backslashes of the string type. */
function quoted(path: string): string {
  return `"${path.replace(/["`$\\]/g, (special) => `\\\\${special}`).replaceAll('%', '%%')}"`
}

/** xdg-mime writes lines `x-scheme-handler/crossroom=crossroom.desktop`; no tool removes them. */
function forgetDefaults(path: string): void {
  if (!existsSync(path)) return
  const ours = new Set(MIME_TYPES.flatMap((type) => [`${type}=${FILE}`, `${type}=${FILE};`]))
  const lines = readFileSync(path, 'utf8').split('\n')
  const kept = lines.filter((line) => !ours.has(line))
  if (kept.length !== lines.length) writeFileSync(path, kept.join('\n'))
}

function entryPath(host: DesktopHost): string {
  const home = host.environment['XDG_DATA_HOME'] ?? join(host.environment['HOME'] ?? '/', '.local/share')
  return join(home, 'applications', FILE)
}

function configHome({ environment }: DesktopHost): string {
  return environment['XDG_CONFIG_HOME'] ?? join(environment['HOME'] ?? '/', '.config')
}

/** False when the tool is not installed or does not succeed: the file alone is enough for many desktops. */
function runTool({ environment }: DesktopHost, tool: string, args: string[]): boolean {
  return spawnSync(tool, args, { env: { ...environment }, stdio: 'ignore', timeout: 10_000 }).status === 0
}
