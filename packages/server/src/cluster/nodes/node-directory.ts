import type { NodeRecord, NodeState } from './node-record.js'

export interface KnownNode {
  readonly record: NodeRecord
  readonly state: NodeState
}

/** The nodes of the cluster as this one sees them, itself included. Relay, rooms and REST read it. */
export interface NodeDirectory {
  /** This node's own tag. */
  readonly tag: string
  list(): KnownNode[]
  get(tag: string): KnownNode | undefined
  /** Told when a node joins, changes its state or record, or is gone. The answer ends it. */
  observe(listener: (node: KnownNode) => void): () => void
}
