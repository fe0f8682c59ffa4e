export { RtmpEndpoint } from './server.js'
