/** Why a session description was refused. Stable: the HTTP layer maps it to a status. */
export type SdpErrorCode =
  /** Not SDP, or over a limit, or a value that its RFC does not allow: 400. */
  | 'SDP_INVALID'
  /** Valid, but it asks for what this server declines (plaintext, unbundled, no rtcp-mux, no sha-256): 406. */
  | 'SDP_UNSUPPORTED'
  /** No m-line has a required codec: 406. */
  | 'SDP_NO_CODEC'

/** Refusal of a description. The message is a sentence for the developer of the peer. */
export class SdpError extends Error {
  readonly code: SdpErrorCode

  constructor(code: SdpErrorCode, sentence: string) {
    super(sentence)
    this.name = 'SdpError'
    this.code = code
  }
}
