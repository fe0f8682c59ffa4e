import { readFileSync } from 'node:fs'
import { InvalidArgumentError, type Command } from 'commander'
import { CommandError, type Output } from '../output.js'
import { askCamera, discoverCameras, parseCameraAddress, type CameraAddress, type Credentials } from './camera.js'

type Environment = Readonly<Record<string, string | undefined>>

interface CameraFlags {
  readonly user?: string
  readonly passwordFile?: string
  readonly seconds: number
  readonly interface?: string
  readonly json?: true
}

const PASSWORD = 'CROSSROOM_CAMERA_PASSWORD'

/** Adds `crossroom cameras`. */
export function addCamerasCommand(program: Command, environment: Environment, output: Output): void {
  program
    .command('cameras')
    .description('Find ONVIF cameras in this network, and print the addresses that a server pulls them by.')
    .argument('[HOST...]', 'HOST, HOST:PORT or http://HOST/onvif/device_service, instead of looking for cameras')
    .option('--user <NAME>', 'the user of the cameras')
    .option('--password-file <FILE>', `the password of that user (default: ${PASSWORD} of the environment)`)
    .option('--seconds <N>', 'how long cameras may take to answer the search', seconds, 3)
    .option('--interface <NAME>', 'the network interface to search at, for example eth0')
    .option('--json', 'prints one JSON object per camera')
    .action(async (hosts: string[], flags: CameraFlags) => {
      const credentials = credentialsOf(flags, environment)
      const found = hosts.length > 0 ? hosts.map((host) => [given(host)]) : await search(flags)
      const problems = await Promise.all(found.map((addresses) => show(addresses, credentials, flags, output)))
      if (problems.every((isProblem) => isProblem)) throw new CommandError('No camera named a stream.')
    })
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 60)) throw new InvalidArgumentError('It must be a number up to 60.')
  return value
}

function given(text: string): CameraAddress {
  const address = parseCameraAddress(text)
  if (address === undefined)
    throw new CommandError(`${text} is no address of a camera: give HOST or HOST:PORT, and the user by --user.`)
  return address
}

function credentialsOf({ user, passwordFile }: CameraFlags, environment: Environment): Credentials | undefined {
  if (user === undefined) return undefined
  const password = passwordFile === undefined ? environment[PASSWORD] : firstLine(passwordFile)
  if (password === undefined || password === '')
    throw new CommandError(`--user needs a password: give --password-file, or ${PASSWORD} in the environment.`)
  return { user, password }
}

function firstLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/)[0]!
  } catch (error) {
    throw new CommandError(`The password cannot be read: ${(error as Error).message}`)
  }
}

async function search(flags: CameraFlags): Promise<CameraAddress[][]> {
  const found = await discoverCameras(flags.seconds * 1000, flags.interface).catch((error: Error) => {
    throw new CommandError(`The network cannot be searched: ${error.message}`)
  })
  if (found.length === 0)
    throw new CommandError(
      'No camera answered. ONVIF may be off in the camera, or the network keeps multicast away: give its host.',
    )
  return found
}

/** Asks at one address after the other. True when the camera named no stream. */
async function show(
  [address, ...others]: readonly CameraAddress[],
  credentials: Credentials | undefined,
  flags: CameraFlags,
  output: Output,
): Promise<boolean> {
  if (address === undefined) return true
  const { json } = flags
  const at = `${address.host}:${String(address.port)}`
  try {
    const info = await askCamera(address, credentials)
    if (json) output.print(JSON.stringify({ camera: at, ...info }))
    else {
      output.print(`${at}  ${info.manufacturer} ${info.model}`)
      for (const { profile, codec, width, height, fps, url } of info.streams) {
        const size = width === undefined || height === undefined ? undefined : `${String(width)}x${String(height)}`
        const shape = [profile, codec, size, fps === undefined ? undefined : `${String(fps)} fps`]
        output.print(`  ${url}  ${shape.filter((part) => part !== undefined).join(', ')}`)
      }
    }
    return false
  } catch (error) {
    if (others.length > 0) return await show(others, credentials, flags, output)
    const sentence = error instanceof Error ? error.message : String(error)
    if (json) output.print(JSON.stringify({ camera: at, error: sentence }))
    else output.complain(`${at}: ${sentence}`)
    return true
  }
}
