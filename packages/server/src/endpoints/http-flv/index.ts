export { HttpFlvEndpoint } from './play.js'
export { WebSocketFlvEndpoint } from './web-socket.js'
