// RTMP play with 500 players.
import { playFigures } from './lib/play-figures.mjs'

export const title = 'RTMP play, 500 players'
export const settings = { players: 500, probes: 20, runs: 1 }

export const run = ({ seconds }) => playFigures('rtmp', 'rtmp', { ...settings, seconds })
