/**
 * The ICE servers in the Link header of WHIP and WHEP (RFC 9725 section 4.6):
 * `<turn:HOST?transport=udp>; rel="ice-server"; username="u"; credential="c"; credential-type="password"`.
 */
export function iceServersOfLinks(header: string): RTCIceServer[] {
  const servers: RTCIceServer[] = []
  for (const [, url = '', rest = ''] of header.matchAll(
    /<([^>]*)>((?:\s*;\s*[\w-]+=(?:"(?:[^"\\]|\\.)*"|[^\s;,]+))*)/g,
  )) {
    const fields = new Map<string, string>()
    for (const [, name = '', quoted, plain] of rest.matchAll(/;\s*([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,]+))/g)) {
      fields.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '')
    }
    if (fields.get('rel') !== 'ice-server' || !/^(stun|turn)s?:/i.test(url)) continue
    const username = fields.get('username')
    const credential = fields.get('credential')
    servers.push({
      urls: url,
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    })
  }
  return servers
}
