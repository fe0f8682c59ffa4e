// Asks the server of this container whether it is ready: by HTTP, or by HTTPS where CROSSROOM_HTTP_PORT is off.
import { get as getPlain } from 'node:http'
import { get as getSecure } from 'node:https'

const { CROSSROOM_HOST: host, CROSSROOM_HTTP_PORT: plainPort, CROSSROOM_HTTPS_PORT: securePort } = process.env
const isEverywhere = !host || host === '0.0.0.0' || host === '::'
const isSecure = /^(off|false)$/i.test(plainPort ?? '')
const options = {
  host: isEverywhere ? '127.0.0.1' : host,
  port: isSecure ? securePort || 8443 : plainPort || 8080,
  path: '/readyz',
  timeout: 2500,
  // The certificate is for the name that others use.
  rejectUnauthorized: false,
}
const end = (code) => process.exit(code)
const get = isSecure ? getSecure : getPlain
get(options, ({ statusCode }) => end(statusCode === 200 ? 0 : 1))
  .on('timeout', () => end(1))
  .on('error', () => end(1))
