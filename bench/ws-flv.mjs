// WebSocket-FLV with 500 players: the bytes of HTTP-FLV in WebSocket messages.
import { playFigures } from './lib/play-figures.mjs'

export const title = 'WebSocket-FLV, 500 players'
export const settings = { players: 500, probes: 20, runs: 1 }

export const run = ({ seconds }) => playFigures('http', 'ws-flv', { ...settings, seconds })
