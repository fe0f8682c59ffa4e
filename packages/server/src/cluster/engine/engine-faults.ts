import { errors } from '@nats-io/transport-node'
import { JetStreamApiError } from '@nats-io/jetstream'
import { ClusterError } from '../cluster-error.js'
import { EngineLostError } from './engine.js'

/** Error codes of JetStream: https://github.com/nats-io/nats-server/blob/main/server/errors.json */
/** The library keeps the class to itself. */
const NOT_ENABLED = 'JetStreamNotEnabled'
const NO_SPACE = [10_023, 10_047, 10_048]
const NO_PEERS = 10_005

/** What the operator does about an engine that cannot be joined. */
export function describeEngineFault(error: unknown, servers: readonly string[]): ClusterError {
  const at = servers.map(withoutPassword).join(', ')
  if (error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError)
    return new ClusterError(
      'CLUSTER_CREDENTIALS',
      `NATS at ${at} refuses these credentials: check --cluster-creds, or user and password in --cluster.`,
      error,
    )
  if (error instanceof errors.PermissionViolationError || causeOf(error) instanceof errors.PermissionViolationError)
    return new ClusterError(
      'CLUSTER_CREDENTIALS',
      `The user of NATS at ${at} lacks permissions: it needs crossroom.>, $KV.crossroom.>, $JS.API.> and _INBOX.>.`,
      error,
    )
  const { code } = error instanceof JetStreamApiError ? error : { code: undefined }
  if (code === NO_PEERS)
    return new ClusterError(
      'CLUSTER_NO_JETSTREAM',
      `NATS at ${at} is a cluster of fewer than three servers with JetStream: run one server, or three.`,
      error,
    )
  if (code !== undefined && NO_SPACE.includes(code))
    return new ClusterError('CLUSTER_NO_JETSTREAM', `NATS at ${at} has no room left for JetStream.`, error)
  if (error instanceof Error && error.name === NOT_ENABLED)
    return new ClusterError(
      'CLUSTER_NO_JETSTREAM',
      `NATS at ${at} runs without JetStream: start it with -js, or enable JetStream for this account.`,
      error,
    )
  if (error instanceof JetStreamApiError)
    return new ClusterError(
      'CLUSTER_UNREACHABLE',
      `JetStream of NATS at ${at} does not work: fewer than two of its three servers may be up (${error.message}).`,
      error,
    )
  if (error instanceof EngineLostError)
    return new ClusterError(
      'CLUSTER_UNREACHABLE',
      `NATS at ${at} takes no writes: fewer than two of its three servers may be up.`,
      error,
    )
  if (error instanceof Error && error.message.includes('parse credentials'))
    return new ClusterError('CLUSTER_CREDENTIALS', 'The file of --cluster-creds is no credentials of NATS.', error)
  const why = error instanceof Error ? error.message : String(error)
  return new ClusterError('CLUSTER_UNREACHABLE', `NATS at ${at} cannot be reached (${why}): check --cluster.`, error)
}

/** Whether another attempt may succeed by itself: servers that start, or elect a leader. */
export function isPassing({ code }: ClusterError): boolean {
  return code === 'CLUSTER_UNREACHABLE'
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined)

/** Everything before the last `@`. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/.*@/, '//')
}
