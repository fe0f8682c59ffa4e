/**
 * What can go wrong in the browser itself, with the sentence that is shown when nothing better is known. The server's codes
 * (`ROOM_FULL`, `USER_SIG_EXPIRED`, …: see `errorCodes` of `@crossroom/protocol`) come with sentences of their own.
 */
export const CLIENT_ERRORS = {
  NOT_SUPPORTED: 'This browser cannot do that.',
  INSECURE_CONTEXT:
    'Browsers give cameras, microphones and screens only to pages opened by https:// or on localhost. Open this page by https://.',
  DEVICE_DENIED:
    'The camera or microphone was not allowed. Allow it in the address bar of the browser, or in the settings of the system, and try again.',
  DEVICE_NOT_FOUND: 'There is no such camera or microphone. Plug one in, or choose another.',
  DEVICE_IN_USE: 'The camera or microphone is used by another program, or the system does not let it start.',
  DEVICE_CONSTRAINTS: 'No camera or microphone can do what was asked for. Choose another device or a lower profile.',
  SCREEN_DENIED: 'The screen was not shared: the question was answered with no, or the system does not allow it.',
  SCREEN_UNSUPPORTED: 'This browser cannot share the screen. Browsers on computers can; browsers on phones cannot.',
  INVALID_ARGUMENT: 'An argument is missing or not of the expected kind.',
  VIEW_NOT_FOUND: 'There is no element to show the picture in.',
  STREAM_NOT_FOUND: 'This user is not in the room, or does not send this stream.',
  NOT_IN_ROOM: 'Enter a room first.',
  ALREADY_IN_ROOM: 'Already in a room. Leave it first.',
  STOPPED: 'It was stopped before it had begun.',
  LEFT_ROOM: 'The room was left before this was done.',
  DESTROYED: 'This object was destroyed. Create another.',
  SERVER_UNREACHABLE: 'The server cannot be reached. Check the address and the network.',
  MEDIA_NO_PATH:
    'Nothing can be sent: neither UDP nor TCP reaches the server from this network. Watching goes on by WebSocket.',
  PLAY_FAILED: 'The stream cannot be played in this browser.',
  NEGOTIATION_FAILED: 'The browser and the server did not agree on how to exchange sound and picture.',
  PROCESSOR_FAILED: 'The video processor failed; the picture goes on without it.',
} as const

/** A code of {@link CLIENT_ERRORS}. */
export type ClientErrorCode = keyof typeof CLIENT_ERRORS

/** Every failure of the SDK: a stable code for programs and a sentence for people. */
export class CrossroomError extends Error {
  /** One of {@link CLIENT_ERRORS}, or a code of the server. */
  readonly code: string

  constructor(code: ClientErrorCode | (string & {}), sentence?: string, options?: ErrorOptions) {
    super(sentence ?? sentenceOf(code), options)
    this.name = 'CrossroomError'
    this.code = code
  }
}

function sentenceOf(code: string): string {
  return code in CLIENT_ERRORS ? CLIENT_ERRORS[code as ClientErrorCode] : code
}

const BY_NAME: Readonly<Record<string, ClientErrorCode>> = {
  NotAllowedError: 'DEVICE_DENIED',
  PermissionDeniedError: 'DEVICE_DENIED',
  SecurityError: 'DEVICE_DENIED',
  NotFoundError: 'DEVICE_NOT_FOUND',
  DevicesNotFoundError: 'DEVICE_NOT_FOUND',
  NotReadableError: 'DEVICE_IN_USE',
  TrackStartError: 'DEVICE_IN_USE',
  AbortError: 'DEVICE_IN_USE',
  OverconstrainedError: 'DEVICE_CONSTRAINTS',
  ConstraintNotSatisfiedError: 'DEVICE_CONSTRAINTS',
}

/**
 * What a rejection of getUserMedia or getDisplayMedia means, by the name of the error (W3C mediacapture-streams section 10.2,
 * screen-capture section 5.1; the longer names are those of old WebKit browsers).
 */
export function captureError(error: unknown, source: 'device' | 'screen'): CrossroomError {
  if (error instanceof CrossroomError) return error
  const name = error instanceof Error ? error.name : ''
  const code = BY_NAME[name] ?? 'NOT_SUPPORTED'
  // Firefox finds no screen at all where the system gives it none, for example on Wayland without a portal.
  const isScreenRefused = source === 'screen' && (code === 'DEVICE_DENIED' || code === 'DEVICE_NOT_FOUND')
  return new CrossroomError(isScreenRefused ? 'SCREEN_DENIED' : code, undefined, { cause: error })
}

/** Converts any thrown value to a CrossroomError; foreign errors get `code`. */
export function toCrossroomError(error: unknown, code: ClientErrorCode): CrossroomError {
  return error instanceof CrossroomError ? error : new CrossroomError(code, undefined, { cause: error })
}
