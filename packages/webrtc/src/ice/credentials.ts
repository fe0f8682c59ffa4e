/** The short-term secrets of one side of an ICE session (RFC 8839 section 5.4). */
export interface IceCredentials {
  /** 4 to 256 ice-char. It names the session on the shared port. */
  readonly usernameFragment: string
  /** 22 to 256 ice-char. */
  readonly password: string
}

/** ice-char of RFC 8839 section 5.4: 64 characters, so that six random bits choose one without bias. */
const ICE_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** 8 × 6 = 48 bits: no guessing of sessions, and no collision worth mentioning among thousands. */
const FRAGMENT_CHARACTERS = 8

/** 24 × 6 = 144 bits; RFC 8445 section 5.3 asks for 128. */
const PASSWORD_CHARACTERS = 24

/** New credentials from the caller's cryptographic random source. */
export function makeIceCredentials(randomBytes: (length: number) => Uint8Array): IceCredentials {
  return {
    usernameFragment: iceText(randomBytes(FRAGMENT_CHARACTERS)),
    password: iceText(randomBytes(PASSWORD_CHARACTERS)),
  }
}

/** True when both parts have the length and the characters RFC 8839 section 5.4 allows. */
export function areValidIceCredentials(credentials: IceCredentials): boolean {
  return (
    /^[A-Za-z0-9+/]{4,256}$/.test(credentials.usernameFragment) && /^[A-Za-z0-9+/]{22,256}$/.test(credentials.password)
  )
}

function iceText(random: Uint8Array): string {
  let text = ''
  for (const byte of random) text += ICE_CHARACTERS[byte & 63]!
  return text
}
