export type ClusterErrorCode =
  | 'CLUSTER_UNREACHABLE'
  | 'CLUSTER_CREDENTIALS'
  | 'CLUSTER_NO_JETSTREAM'
  | 'NODE_ID_TAKEN'
  | 'NODE_SECRET_DIFFERS'
  | 'NODE_CLOCK_DIFFERS'
  | 'NODE_VERSION_DIFFERS'

/** Why a node cannot join: a sentence for the operator, who then does what it says. */
export class ClusterError extends Error {
  readonly code: ClusterErrorCode

  constructor(code: ClusterErrorCode, sentence: string, cause?: unknown) {
    super(sentence, { cause })
    this.code = code
  }
}
