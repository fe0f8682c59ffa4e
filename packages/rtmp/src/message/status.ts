import type { Amf0Object } from '@crossroom/media'
import type { Command } from './command.js'

/** `onStatus` of a stream (RTMP 1.0, section 7.2.2): what became of a publish, a play, a pause. */
export function statusCommand(level: 'status' | 'error', code: string, description: string): Command {
  return { name: 'onStatus', transactionId: 0, object: null, args: [informationObject(level, code, description)] }
}

/** The information object of `onStatus`, `_result` and `_error`. */
export function informationObject(level: 'status' | 'error', code: string, description: string): Amf0Object {
  return { level, code, description }
}
