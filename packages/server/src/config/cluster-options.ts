import { address, choice, list, port, text } from './option.js'

/** The options of a node of a cluster; without `--cluster` only the first matters. */
export const clusterOptions = {
  cluster: list(address(['nats://', 'tls://']), {
    takes: 'URL',
    secret: true,
    description: 'joins the cluster of these NATS servers, comma-separated, such as nats://a:4222,nats://b:4222',
  }),
  clusterCreds: text({ takes: 'FILE', description: 'credentials for NATS (.creds); a password may stand in the URL' }),
  clusterIsolated: choice(['refuse', 'local']).default('refuse').meta({
    takes: 'MODE',
    description: 'new entries while NATS cannot be reached: refuse them, or admit them on this node alone (local)',
  }),
  nodeId: text({
    takes: 'NAME',
    description: 'name of this node, unique in the cluster and the same after a restart (default: made at every start)',
  }),
  region: text({ takes: 'NAME', description: 'where this node is, shown in lists' }),
  relayPort: port(8001, 'media from and to other nodes'),
  relayAddress: text({
    takes: 'HOST[:PORT]',
    description: 'where other nodes reach the relay port (default: --host, or the first address of this machine)',
  }),
  relaySecurity: choice(['pinned', 'mtls', 'plain']).default('pinned').meta({
    takes: 'MODE',
    description: 'TLS between nodes: pinned certificates, certificates of your own (mtls), or none (plain)',
  }),
  relayCert: text({ takes: 'FILE', description: 'with --relay-security mtls: certificate chain of this node (PEM)' }),
  relayKey: text({ takes: 'FILE', description: 'with --relay-security mtls: its private key (PEM)' }),
  relayCa: text({ takes: 'FILE', description: 'with --relay-security mtls: authorities that sign the nodes (PEM)' }),
}
