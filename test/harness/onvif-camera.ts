import { createHash } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

const GROUP = '239.255.255.250'
const DISCOVERY_PORT = 3702

export interface OnvifOptions {
  /** Of its one profile; default: none is named. */
  readonly rtsp: string
  readonly user?: string
  readonly password?: string
  /** Default `North gate`. */
  readonly model?: string
}

/** The ONVIF side of an IP camera: Profile S with one profile, WS-Security digests that are checked, WS-Discovery. */
export class OnvifCamera {
  readonly #options: OnvifOptions
  readonly #server: Server
  #discovery: Socket | undefined
  /** Actions that were asked for, and whether they were signed as they must be. */
  readonly asked: string[] = []

  private constructor(options: OnvifOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      void text(request).then((body) => {
        const { status, xml } = this.#answer(body)
        response.writeHead(status, { 'content-type': 'application/soap+xml' }).end(xml)
      })
    })
  }

  static async start(options: OnvifOptions): Promise<OnvifCamera> {
    const camera = new OnvifCamera(options)
    await new Promise<void>((resolve) => camera.#server.listen(0, '127.0.0.1', resolve))
    return camera
  }

  get host(): string {
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`
  }

  /** Answers searches from now on; rejects where the system has no multicast. */
  async answerSearches(): Promise<void> {
    const socket = (this.#discovery = createSocket({ type: 'udp4', reuseAddr: true }))
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(DISCOVERY_PORT, () => {
        try {
          socket.addMembership(GROUP)
          resolve()
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })
    socket.on('message', (message, { address, port }) => {
      const id = /MessageID[^>]*>([^<]+)</.exec(message.toString('utf8'))?.[1]
      if (id === undefined) return
      const match =
        '<d:ProbeMatches xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><d:ProbeMatch>' +
        '<a:EndpointReference xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><a:Address>urn:uuid:1</a:Address></a:EndpointReference>' +
        `<d:Types>dn:NetworkVideoTransmitter</d:Types><d:XAddrs>http://127.0.0.1:1/onvif/device_service ${this.#service}</d:XAddrs>` +
        '</d:ProbeMatch></d:ProbeMatches>'
      socket.send('this is no XML', port, address)
      socket.send(envelope(match), port, address)
    })
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
    this.#discovery?.close()
  }

  get #service(): string {
    return `http://${this.host}/onvif/device_service`
  }

  #answer(body: string): { status: number; xml: string } {
    const action = /<s:Body[^>]*>\s*<(?:\w+:)?(\w+)/.exec(body)?.[1] ?? ''
    const isKnown = this.#isSigned(body)
    this.asked.push(`${action}${isKnown ? '' : ' refused'}`)
    // ONVIF Core Specification section 5.9.4.4: the clock is told to everybody, for the digests of the rest.
    if (action === 'GetSystemDateAndTime') return { status: 200, xml: envelope(clock()) }
    if (!isKnown) return { status: 400, xml: envelope(NOT_AUTHORIZED) }
    const answer = this.#answers()[action]
    return answer === undefined ? { status: 400, xml: envelope(NO_ACTION) } : { status: 200, xml: envelope(answer) }
  }

  /** WS-UsernameToken: Base64(SHA-1(nonce, created, password)). */
  #isSigned(body: string): boolean {
    const { user, password } = this.#options
    if (user === undefined) return true
    const field = (name: string): string => new RegExp(`<${name}[^>]*>([^<]*)</${name}>`).exec(body)?.[1] ?? ''
    const hash = createHash('sha1').update(Buffer.from(field('Nonce'), 'base64'))
    const digest = hash.update(`${field('Created')}${password ?? ''}`).digest('base64')
    return field('Username') === user && field('Password') === digest
  }

  #answers(): Readonly<Record<string, string>> {
    const { rtsp, model = 'North gate' } = this.#options
    const tds = 'xmlns="http://www.onvif.org/ver10/device/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"'
    const trt = 'xmlns="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"'
    const services = ['device', 'media'].map(
      (name) =>
        `<Service><Namespace>http://www.onvif.org/ver10/${name}/wsdl</Namespace><XAddr>${this.#service}</XAddr>` +
        '<Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></Version></Service>',
    )
    return {
      GetServices: `<GetServicesResponse ${tds}>${services.join('')}</GetServicesResponse>`,
      GetDeviceInformation: `<GetDeviceInformationResponse ${tds}><Manufacturer>Test</Manufacturer><Model>${model}</Model><FirmwareVersion>1</FirmwareVersion><SerialNumber>1</SerialNumber><HardwareId>1</HardwareId></GetDeviceInformationResponse>`,
      GetVideoSources: `<GetVideoSourcesResponse ${trt}><VideoSources token="v"><tt:Framerate>25</tt:Framerate><tt:Resolution><tt:Width>640</tt:Width><tt:Height>360</tt:Height></tt:Resolution></VideoSources></GetVideoSourcesResponse>`,
      GetProfiles:
        `<GetProfilesResponse ${trt}><Profiles token="main" fixed="true"><tt:Name>Main</tt:Name>` +
        '<tt:VideoSourceConfiguration token="s"><tt:Name>s</tt:Name><tt:SourceToken>v</tt:SourceToken></tt:VideoSourceConfiguration>' +
        '<tt:VideoEncoderConfiguration token="e"><tt:Name>e</tt:Name><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>640</tt:Width><tt:Height>360</tt:Height></tt:Resolution>' +
        '<tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit></tt:RateControl></tt:VideoEncoderConfiguration>' +
        '</Profiles></GetProfilesResponse>',
      GetStreamUri: `<GetStreamUriResponse ${trt}><MediaUri><tt:Uri>${rtsp}</tt:Uri></MediaUri></GetStreamUriResponse>`,
    }
  }
}

function envelope(body: string): string {
  const header = '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
  return `${header}<s:Body>${body}</s:Body></s:Envelope>`
}

function clock(): string {
  const now = new Date()
  const part = (name: string, value: number): string => `<tt:${name}>${String(value)}</tt:${name}>`
  const time =
    part('Hour', now.getUTCHours()) + part('Minute', now.getUTCMinutes()) + part('Second', now.getUTCSeconds())
  const date = part('Year', now.getUTCFullYear()) + part('Month', now.getUTCMonth() + 1) + part('Day', now.getUTCDate())
  return (
    '<GetSystemDateAndTimeResponse xmlns="http://www.onvif.org/ver10/device/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema"><SystemDateAndTime>' +
    `<tt:UTCDateTime><tt:Time>${time}</tt:Time><tt:Date>${date}</tt:Date></tt:UTCDateTime>` +
    '</SystemDateAndTime></GetSystemDateAndTimeResponse>'
  )
}

const fault = (code: string, reason: string): string =>
  `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value xmlns:ter="http://www.onvif.org/ver10/error">ter:${code}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en">${reason}</s:Text></s:Reason></s:Fault>`
const NOT_AUTHORIZED = fault('NotAuthorized', 'Sender not authorized')
const NO_ACTION = fault('ActionNotSupported', 'Optional action not implemented')
