import { setTimeout as wait } from 'node:timers/promises'
import type { Cam as Camera, DiscoveryProbeOptions } from 'onvif'
import { parsePullAddress } from '../../pull/index.js'

/** Where a camera answers to ONVIF. */
export interface CameraAddress {
  readonly host: string
  readonly port: number
  /** Of the device service. */
  readonly path: string
  readonly tls: boolean
}

export interface Credentials {
  readonly user: string
  readonly password: string
}

/** One profile of a camera: a picture size, a codec, and where it is played. */
export interface CameraStream {
  readonly profile: string
  readonly codec?: string
  readonly width?: number
  readonly height?: number
  readonly fps?: number
  /** RTSP, without credentials. */
  readonly url: string
}

export interface CameraInfo {
  readonly manufacturer: string
  readonly model: string
  readonly streams: readonly CameraStream[]
}

const MAX_CAMERAS = 256
const MAX_PROFILES = 16
const MAX_ADDRESSES = 4
const MAX_TEXT_CHARS = 64
const REQUEST_MS = 5000
/** Several requests, one after the other. */
const CAMERA_MS = 20_000
const DEVICE_SERVICE = '/onvif/device_service'

/** `HOST`, `HOST:PORT` or the address of a device service. */
export function parseCameraAddress(text: string): CameraAddress | undefined {
  const address = /^https?:\/\//.test(text) ? text : `http://${text}`
  if (/[\s@]/.test(text) || !URL.canParse(address)) return undefined
  const { protocol, hostname, port, pathname } = new URL(address)
  const tls = protocol === 'https:'
  return {
    ...{ host: hostname, port: port === '' ? (tls ? 443 : 80) : Number(port), tls },
    path: pathname === '/' ? DEVICE_SERVICE : pathname,
  }
}

/**
 * Cameras that answer a probe of WS-Discovery (UDP multicast, 239.255.255.250 port 3702) within `ms`, each with all its addresses,
 * the likeliest first.
 */
export async function discoverCameras(ms: number, device: string | undefined): Promise<CameraAddress[][]> {
  const { Discovery } = (await import('onvif')).default
  const found = new Map<string, CameraAddress[]>()
  const handle = (probed: object, { address }: { address: string }): void => {
    const camera = addressesOfProbe(probed, address)
    const name = camera.map(({ host, port }) => `${host}:${String(port)}`).join()
    if (camera.length > 0 && found.size < MAX_CAMERAS) found.set(name, camera)
  }
  let problem: Error | undefined
  // Answers that cannot be read are no reason to stop.
  const ignore = (): void => undefined
  Discovery.on('device', handle).on('error', ignore)
  try {
    const options: DiscoveryProbeOptions = { timeout: ms, resolve: false, ...(device === undefined ? {} : { device }) }
    Discovery.probe(options, (error) => {
      if (error instanceof Error) problem = error
    })
    await wait(ms)
  } finally {
    Discovery.removeListener('device', handle)
    // What comes late must not end the program: an emitter without a listener throws.
  }
  if (problem !== undefined && found.size === 0) throw problem
  return [...found.values()]
}

/** A camera names its addresses; the one that it answered from can most likely be reached from here. */
function addressesOfProbe(probed: object, from: string): CameraAddress[] {
  const text = textAt(probed, 'probeMatches', 'probeMatch', 'XAddrs') ?? ''
  const addresses = text.split(/\s+/).flatMap((part) => parseCameraAddress(part) ?? [])
  return addresses.slice(0, MAX_ADDRESSES).sort((one, other) => Number(other.host === from) - Number(one.host === from))
}

/**
 * What a camera sends.
 * @throws an error with a sentence
 */
export async function askCamera(address: CameraAddress, credentials: Credentials | undefined): Promise<CameraInfo> {
  const { Cam } = (await import('onvif')).default
  const camera = new Cam({
    ...{ hostname: address.host, port: address.port, path: address.path, useSecure: address.tls },
    // Cameras sign their certificates themselves, and name addresses that they have behind a router.
    ...{ secureOpts: { rejectUnauthorized: false }, preserveAddress: true, autoconnect: false, timeout: REQUEST_MS },
    ...(credentials && { username: escaped(credentials.user), password: credentials.password }),
  })
  camera.on('error', () => undefined)
  const deadline = wait(CAMERA_MS, undefined, { ref: false }).then(() => {
    throw new Error('The camera does not answer in time.')
  })
  return Promise.race([infoOf(camera), deadline])
}

async function infoOf(camera: Camera): Promise<CameraInfo> {
  await called((done) => camera.connect(done))
  const device: unknown = await called((done) => camera.getDeviceInformation(done)).catch(() => undefined)
  const profiles: unknown[] = Array.isArray(camera.profiles) ? camera.profiles : []
  const streams: CameraStream[] = []
  for (const profile of profiles.slice(0, MAX_PROFILES)) {
    const profileToken = textAt(profile, '$', 'token')
    if (profileToken === undefined) continue
    const given: unknown = await called((done) => camera.getStreamUri({ protocol: 'RTSP', profileToken }, done))
    const url = textAt(given, 'uri')?.replace(/^(rtsps?:\/\/)[^/@]*@/, '$1')
    if (url !== undefined && parsePullAddress(url)?.kind === 'rtsp') streams.push({ ...shapeOf(profile), url })
  }
  if (streams.length === 0) throw new Error('The camera names no RTSP stream, or not without credentials.')
  const [manufacturer, model] = ['manufacturer', 'model'].map((name) => textAt(device, name) ?? 'unknown')
  return { manufacturer: manufacturer!, model: model!, streams }
}

/** Of Media1 (`videoEncoderConfiguration`) and Media2 (`configurations.videoEncoder`). */
function shapeOf(profile: unknown): Omit<CameraStream, 'url'> {
  const encoder = at(profile, 'videoEncoderConfiguration') ?? at(profile, 'configurations', 'videoEncoder')
  const codec = textAt(encoder, 'encoding')
  const sizes = {
    width: numberAt(encoder, 'resolution', 'width'),
    height: numberAt(encoder, 'resolution', 'height'),
    fps: numberAt(encoder, 'rateControl', 'frameRateLimit'),
  }
  const known = Object.fromEntries(Object.entries(sizes).filter(([, value]) => value !== undefined))
  return { profile: textAt(profile, 'name') ?? 'unnamed', ...(codec === undefined ? {} : { codec }), ...known }
}

function called<T>(call: (done: (error: Error | null, data?: T) => void) => void): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    call((error, data) => {
      if (error === null || error === undefined) resolve(data)
      else reject(new Error(sentenceOf(error)))
    })
  })
}

function sentenceOf({ message }: Error): string {
  if (/not ?authorized|401|unauthorized/i.test(message)) return 'The camera refuses the credentials, or wants some.'
  if (/ECONNREFUSED|EHOSTUNREACH|ENOTFOUND|ENETUNREACH/.test(message)) return 'Nothing answers at this address.'
  if (/timeout|ETIMEDOUT/i.test(message)) return 'The camera does not answer in time.'
  return `The camera does not speak ONVIF as expected: ${cleaned(message)}`
}

/** Whatever a camera calls itself, it writes nothing else onto a terminal. */
function cleaned(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, MAX_TEXT_CHARS)
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

function at(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (part, name) => (typeof part === 'object' && part !== null ? (part as Record<string, unknown>)[name] : undefined),
    value,
  )
}

function textAt(value: unknown, ...names: readonly string[]): string | undefined {
  const found = at(value, ...names)
  if (typeof found === 'number') return String(found)
  if (typeof found !== 'string' || found === '') return undefined
  return names.at(-1) === 'uri' || names.at(-1) === 'XAddrs' ? found : cleaned(found)
}

function numberAt(value: unknown, ...names: readonly string[]): number | undefined {
  const found = Number(at(value, ...names) ?? NaN)
  return Number.isFinite(found) ? found : undefined
}
