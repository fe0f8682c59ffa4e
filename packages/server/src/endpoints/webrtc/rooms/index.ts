export { RoomMediaGateway } from './room-media-gateway.js'
