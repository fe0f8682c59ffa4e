import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { Seal } from '../../auth/index.js'
import { roomLimits } from '../../config/index.js'
import { StreamKey } from '../../hub/index.js'
import type { DistantHolders } from './distant-holders.js'
import { MediaTokens } from './media-tokens.js'
import { SealedAddresses } from './sealed-addresses.js'
import type { TokenScope } from './token-scope.js'

const id = (fill: number): string => Buffer.alloc(16, fill).toString('base64url')
const SCOPE: TokenScope = {
  ...{ action: 'play', roomId: '42', holder: id(1), userId: 'bob', streamType: 'main', key: StreamKey.room(id(2)) },
}

/** Members wherever they are, as the documents of a cluster tell them. */
class Members implements DistantHolders {
  readonly holders = new Set<string>()
  isLost = false
  asked = 0
  #listener: (roomId: string) => void = () => undefined

  find({ holder, key }: Pick<TokenScope, 'holder' | 'key'>) {
    this.asked++
    if (this.isLost) return Promise.reject(new Error('The engine is lost.'))
    return Promise.resolve(this.holders.has(holder) ? { key, userId: 'bob', subject: 'bob' } : undefined)
  }
  published = () => () => undefined
  observe(listener: (roomId: string) => void): () => void {
    this.#listener = listener
    return () => undefined
  }
  tell(roomId: string): void {
    this.#listener(roomId)
  }
}

function nodesOf(count: number) {
  const clock = new VirtualClock()
  const holders = new Members()
  const addresses = new SealedAddresses(new Seal(() => ['secret'], 'room-address'))
  const nowMs = () => clock.now() / 1000
  const make = () => new MediaTokens({ newId: () => id(9), nowMs, clock, cluster: { addresses, holders } })
  return { clock, holders, nodes: Array.from({ length: count }, make) as [MediaTokens, MediaTokens] }
}

/** A player that is connected with an address of another node. */
async function playOn(node: MediaTokens, text: string) {
  const token = await node.lookUp(text)
  const ended: string[] = []
  token?.connections.set((reason) => ended.push(reason), 'flv')
  return { token, ended }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

test('every node opens an address of another node while its holder is a member', async () => {
  const { holders, nodes } = nodesOf(2)
  const text = nodes[0].issue(SCOPE)
  expect(await nodes[1].lookUp(text)).toBeUndefined()
  holders.holders.add(SCOPE.holder)
  expect(await nodes[1].lookUp(text)).toMatchObject({ action: 'play', roomId: '42', userId: 'bob', isDistant: true })
  expect(await nodes[1].lookUp(`${text.slice(0, -1)}-`)).toBeUndefined()
})

test('the node of the holder asks nobody', async () => {
  const { holders, nodes } = nodesOf(1)
  expect(await nodes[0].lookUp(nodes[0].issue(SCOPE))).toMatchObject({ isDistant: false })
  expect(holders.asked).toBe(0)
})

test('another node that takes the member over hands out the same address, and what plays by it stays', async () => {
  const { holders, nodes } = nodesOf(2)
  holders.holders.add(SCOPE.holder)
  const text = nodes[0].issue(SCOPE)
  const { ended } = await playOn(nodes[1], text)
  expect(nodes[1].issue(SCOPE)).toBe(text)
  expect(nodes[1].find(text)?.connections.size).toBe(1)
  nodes[0].entrust(SCOPE.holder)
  expect(await nodes[0].lookUp(text)).toMatchObject({ isDistant: true })
  expect(ended).toEqual([])
})

test('a change among the members of the room ends what a former one plays elsewhere', async () => {
  const { holders, nodes } = nodesOf(2)
  holders.holders.add(SCOPE.holder)
  const { ended } = await playOn(nodes[1], nodes[0].issue(SCOPE))
  holders.holders.clear()
  holders.tell('another room')
  await settled()
  expect(ended).toEqual([])
  holders.tell('42')
  await settled()
  expect(ended).toEqual(['kicked'])
  expect(nodes[1].size).toBe(0)
})

test('an address in use is checked every 10 s, and forgotten when it is out of use', async () => {
  const { clock, holders, nodes } = nodesOf(2)
  holders.holders.add(SCOPE.holder)
  const text = nodes[0].issue(SCOPE)
  const { ended } = await playOn(nodes[1], text)
  holders.holders.clear()
  clock.advance(roomLimits.distantCheckMicros)
  await settled()
  expect(ended).toEqual(['kicked'])

  holders.holders.add(SCOPE.holder)
  await nodes[1].lookUp(text)
  expect(nodes[1].size).toBe(1)
  clock.advance(roomLimits.distantCheckMicros)
  expect(nodes[1].size).toBe(0)
  expect(clock.pending).toBe(0)
})

test('while the cluster cannot be asked, what plays goes on, and nothing new of another node is opened', async () => {
  const { clock, holders, nodes } = nodesOf(2)
  holders.holders.add(SCOPE.holder)
  const text = nodes[0].issue(SCOPE)
  const { ended } = await playOn(nodes[1], text)
  holders.isLost = true
  clock.advance(3 * roomLimits.distantCheckMicros)
  await settled()
  expect(ended).toEqual([])
  await expect(nodes[1].lookUp(text)).rejects.toThrow('lost')
})

test('an address with a time is opened by no node after it', async () => {
  const { clock, holders, nodes } = nodesOf(2)
  const text = nodes[0].issue({ ...SCOPE, holder: 'shared:42', isShared: true, expiresAtMs: 60_000 })
  holders.find = () => Promise.resolve({ key: SCOPE.key, userId: 'bob', subject: 'bob' })
  expect(await nodes[1].lookUp(text)).toBeDefined()
  clock.advance(60_000_000)
  expect(await nodes[0].lookUp(text)).toBeUndefined()
  expect(await nodes[1].lookUp(text)).toBeUndefined()
})
