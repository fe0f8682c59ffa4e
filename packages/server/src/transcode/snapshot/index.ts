export { SnapshotError, type SnapshotErrorCode } from './snapshot-error.js'
export { Snapshots, type SnapshotRequest, type SnapshotsOptions } from './snapshots.js'
