import { makeTicket } from '../../packages/server/src/auth/index.js'
import { until, type TestServer } from '../harness/index.js'
import { SECRET, statesSeenBy } from './cluster-stage.js'

const SDK_APP_ID = 1_400_000_000
/** Flags of nodes whose rooms these users enter. */
export const WITH_APP = ['--sdk-app-id', String(SDK_APP_ID)] as const

/** What a user shows to enter. */
export function signed(userId: string): { readonly sdkAppId: number; readonly userSig: string } {
  const issuedAtSeconds = Math.floor(Date.now() / 1000)
  const ticket = { userId, sdkAppId: SDK_APP_ID, issuedAtSeconds, expireSeconds: 3600 }
  return { sdkAppId: SDK_APP_ID, userSig: makeTicket(SECRET, ticket) }
}

/** Every one of these nodes sees every other. */
export async function untilJoined(nodes: readonly TestServer[]): Promise<void> {
  await until('all nodes to see each other', async () => {
    const seen = await Promise.all(nodes.map((node) => statesSeenBy(node)))
    return seen.every((states) => Object.values(states).filter((state) => state === 'up').length >= nodes.length)
  })
}
