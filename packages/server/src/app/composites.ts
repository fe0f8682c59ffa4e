import type { StreamKey } from '../hub/index.js'
import type { RoomsPart } from './rooms.js'

/** The key of the first composite of a room, by which it is asked for: it runs only for those who do. */
export async function compositeOf(roomId: string, { composites, rooms }: RoomsPart): Promise<StreamKey | undefined> {
  const [composite] = await composites.list(roomId)
  return composite && (await rooms.tokens.lookUp(composite.token))?.key
}
