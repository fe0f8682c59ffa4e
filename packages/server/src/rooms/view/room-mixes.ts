import type { ParamsOf } from '@crossroom/protocol'
import { StreamKey } from '../../hub/index.js'
import type { AudioMix, AudioMixer } from '../media/audio-mixer.js'
import type { MediaTokens } from '../media/media-tokens.js'
import type { MemberList } from './member-list.js'
import { RoomError } from '../model/room-error.js'

/** The receiver of a mix. */
export interface MixReceiver {
  readonly userId: string
  /** Its addresses die with it. */
  readonly sessionId: string
  /** It may be heard, so the mix must be its own. */
  readonly isListed: boolean
  /** May hear the sound of screens. */
  readonly hearsAux: boolean
}

export interface RoomMixesOptions {
  readonly roomId: string
  readonly mixer?: AudioMixer | undefined
  readonly newId: () => string
  readonly tokens: MediaTokens
  readonly list: () => MemberList
}

/** The requested mix. */
interface MixContent {
  readonly audioOf: 'all' | readonly string[]
  /** Its player, which must not hear itself; undefined for a mix for the audience. */
  readonly except: string | undefined
  readonly withAux: boolean
}

interface OpenMix {
  readonly key: StreamKey
  readonly mix: AudioMix
  content: MixContent
  sources: string
  /** The tokens of permitted players, by session. */
  readonly tokens: Map<string, string>
}

/** Everybody's voice but the receiver's in one stream, for phones that cannot play all. The audience shares one. */
export class RoomMixes {
  readonly #options: RoomMixesOptions
  /** By session, or by a name for shared mixes. */
  readonly #mixes = new Map<string, OpenMix>()

  constructor(options: RoomMixesOptions) {
    this.#options = options
  }

  /** The token to play the mix: the same one while the receiver requests the same mix, or has its own. */
  take(receiver: MixReceiver, { audio, audioOf }: ParamsOf<'media.mix'>): string {
    const { sessionId, userId, isListed, hearsAux: withAux } = receiver
    const isShared = !isListed && audio && audioOf === 'all'
    const name = isShared ? `audience ${String(withAux)}` : sessionId
    const content: MixContent = { audioOf: audio ? audioOf : [], except: isShared ? undefined : userId, withAux }
    const open = this.#mixes.get(name) ?? this.#open(name, content)
    open.content = content
    this.#apply(open)
    if (!open.tokens.has(sessionId)) {
      this.drop(sessionId)
      this.#mixes.set(name, open)
      open.tokens.set(sessionId, this.#issue(open.key, receiver))
    }
    return open.tokens.get(sessionId)!
  }

  /** The list of the room changed. */
  update(): void {
    for (const open of this.#mixes.values()) this.#apply(open)
  }

  /** Its session has ended, or it may be heard from now on and must request its own mix. */
  drop(sessionId: string): void {
    for (const [name, open] of [...this.#mixes]) {
      const token = open.tokens.get(sessionId)
      if (token === undefined) continue
      this.#options.tokens.revoke(token)
      open.tokens.delete(sessionId)
      if (open.tokens.size > 0) continue
      this.#mixes.delete(name)
      open.mix.close()
    }
  }

  close(): void {
    for (const open of this.#mixes.values()) open.mix.close()
    this.#mixes.clear()
  }

  #open(name: string, content: MixContent): OpenMix {
    const { mixer, newId, roomId } = this.#options
    const { except } = content
    const key = StreamKey.room(newId(), { roomId, ...(except !== undefined && { userId: except }), streamType: 'mix' })
    const sources = this.#sourcesOf(content)
    if (mixer === undefined)
      throw new RoomError(
        'MIX_OFF',
        'This server has no codec engine for mixing audio; play each member by its own address.',
      )
    const mix = mixer.open({ roomId, key, sources })
    if (mix === undefined)
      throw new RoomError(
        'MEDIA_CAPACITY',
        'The server has no capacity for another mix; play each member by its own address.',
      )
    const open = { key, mix, content, sources: textOf(sources), tokens: new Map<string, string>() }
    this.#mixes.set(name, open)
    return open
  }

  #apply(open: OpenMix): void {
    const sources = this.#sourcesOf(open.content)
    const text = textOf(sources)
    if (text === open.sources) return
    open.sources = text
    open.mix.update(sources)
  }

  #sourcesOf({ audioOf, except, withAux }: MixContent): StreamKey[] {
    const keys: StreamKey[] = []
    for (const { userId, layers } of this.#options.list().values()) {
      if (userId === except || (audioOf !== 'all' && !audioOf.includes(userId))) continue
      for (const { streamType, key } of layers)
        if (streamType === 'main' || (streamType === 'aux' && withAux)) keys.push(key)
    }
    return keys
  }

  #issue(key: StreamKey, { userId, sessionId: holder }: MixReceiver): string {
    const { tokens, roomId } = this.#options
    return tokens.issue({ action: 'play', roomId, holder, userId, streamType: 'mix', key })
  }
}
/** Two lists of sources with the same text are the same. */
function textOf(sources: readonly StreamKey[]): string {
  return sources.map(({ text }) => text).join(' ')
}
