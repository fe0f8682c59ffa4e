import { compositeLimits } from '../../config/index.js'
import { StreamKey } from '../../hub/index.js'
import type { Log } from '../../observe/index.js'
import type { Composer, Composite, CompositeFormat, CompositeScene, CompositeSource } from '../media/composer.js'
import type { ListedLayer } from '../media/listed-stream.js'
import type { MediaTokens } from '../media/media-tokens.js'
import type {
  CompositeChange,
  CompositeChoice,
  CompositeRefusal,
  CompositeRequest,
  CompositeSummary,
} from './composite-request.js'
import type { ListedMember, MemberList } from './member-list.js'

export interface RoomCompositesOptions {
  readonly roomId: string
  readonly composer?: Composer | undefined
  readonly newId: () => string
  readonly tokens: MediaTokens
  readonly log: Log
  readonly list: () => MemberList
  /** Users, loudest first. */
  readonly speakers: () => readonly string[]
}

interface OpenComposite {
  readonly id: string
  readonly token: string
  readonly key: StreamKey
  readonly format: CompositeFormat
  readonly composite: Composite
  choice: CompositeChoice & { readonly names: boolean }
  /** What it was told last. */
  told: string
}

/** One picture of all members, for players outside the room, recordings and relays, and phones that play no more. */
export class RoomComposites {
  readonly #options: RoomCompositesOptions
  readonly #open = new Map<string, OpenComposite>()
  #opening = 0
  #isClosed = false

  constructor(options: RoomCompositesOptions) {
    this.#options = options
  }

  /** Somebody looks who is loudest. */
  get isUsed(): boolean {
    return this.#open.size > 0
  }

  list(): CompositeSummary[] {
    return [...this.#open.values()].map(summaryOf)
  }

  async make({ names, background, ...request }: CompositeRequest): Promise<CompositeSummary | CompositeRefusal> {
    const { composer, roomId, newId, log } = this.#options
    const { width, height, fps, ...choice } = request
    if (composer === undefined) return OFF
    if (names === true && !composer.hasFont) return NO_FONT
    if (this.#open.size + this.#opening >= compositeLimits.perRoom) return TOO_MANY
    if (names === undefined && !composer.hasFont)
      log.warn({ room: roomId }, 'A composite is made without names: no font was found, see --font')
    const key = StreamKey.room(newId(), { roomId, streamType: 'composite' })
    const format = { width, height, fps }
    const chosen = { ...choice, names: names ?? composer.hasFont }
    this.#opening += 1
    try {
      const scene = this.#sceneOf(chosen)
      const composite = await composer.open({ roomId, key, format, scene, background })
      return this.#add({ key, format, composite, choice: chosen })
    } catch (error) {
      return { refused: 'MEDIA_CAPACITY', sentence: error instanceof Error ? error.message : String(error) }
    } finally {
      this.#opening -= 1
    }
  }

  /** Undefined when there is none of this id. */
  change(id: string, { background, ...change }: CompositeChange): CompositeSummary | CompositeRefusal | undefined {
    const open = this.#open.get(id)
    if (open === undefined) return undefined
    if (change.names === true && this.#options.composer?.hasFont !== true) return NO_FONT
    const { layout, names, colour, focus, except } = open.choice
    open.choice = {
      ...{ except, layout: change.layout ?? layout, names: change.names ?? names, colour: change.colour ?? colour },
      focus: change.focus === null ? undefined : (change.focus ?? focus),
    }
    this.#apply(open, background)
    return summaryOf(open)
  }

  /** False when there is none of this id. */
  end(id: string): boolean {
    const open = this.#open.get(id)
    if (open === undefined) return false
    this.#open.delete(id)
    this.#options.tokens.revoke(open.token)
    open.composite.close()
    return true
  }

  /** The list of the room or the order of its speakers changed. */
  update(): void {
    for (const open of this.#open.values()) this.#apply(open)
  }

  close(): void {
    this.#isClosed = true
    for (const id of [...this.#open.keys()]) this.end(id)
  }

  #add(made: Pick<OpenComposite, 'key' | 'format' | 'composite' | 'choice'>): CompositeSummary | CompositeRefusal {
    const { newId, tokens, roomId } = this.#options
    if (this.#isClosed) {
      made.composite.close()
      return { refused: 'MEDIA_CAPACITY', sentence: 'The room ended meanwhile.' }
    }
    const id = newId()
    const { key } = made
    const scope = { action: 'play', roomId, holder: `composite:${id}`, userId: '', streamType: 'mix' } as const
    const open: OpenComposite = { ...made, id, token: tokens.issue({ ...scope, key, isShared: true }), told: '' }
    this.#open.set(id, open)
    this.#apply(open)
    return summaryOf(open)
  }

  #apply(open: OpenComposite, background?: Uint8Array | null): void {
    const scene = this.#sceneOf(open.choice)
    const told = JSON.stringify(scene, (_name, value: unknown) => (value instanceof StreamKey ? value.text : value))
    if (told === open.told && background === undefined) return
    open.told = told
    open.composite.update(scene, background)
  }

  #sceneOf(choice: CompositeChoice & { readonly names: boolean }): CompositeScene {
    const { layout, names, colour, except } = choice
    const members = [...this.#options.list().values()].filter(({ userId }) => userId !== except)
    const sounds = members.flatMap(({ layers }) => layers.filter(isSent).map(({ key }) => key))
    return { layout, names, colour, sounds, pictures: this.#picturesOf(choice, members) }
  }

  /** The order is that of the places: who comes first is big, or in the upper left corner. */
  #picturesOf({ layout, focus }: CompositeChoice, members: readonly ListedMember[]): CompositeSource[] {
    const [loudest] = this.#options.speakers()
    const rank = (source: CompositeSource & { readonly isScreen: boolean }): number => {
      if (source.person === focus) return 0
      // A grid is no ladder: its members stay where they are.
      if (layout === 'grid') return 3
      return source.isScreen ? 1 : source.person === loudest ? 2 : 3
    }
    const sources = members.flatMap(sourcesOf)
    return sources.sort((one, other) => rank(one) - rank(other)).map(({ isScreen: _, ...source }) => source)
  }
}

const OFF: CompositeRefusal = { refused: 'COMPOSITES_OFF', sentence: 'This server has no codec engine for pictures.' }
const NO_FONT: CompositeRefusal = {
  refused: 'NO_FONT',
  sentence: 'The server has no font for names: give it one by --font FILE, or ask for a composite without names.',
}
const TOO_MANY: CompositeRefusal = {
  refused: 'TOO_MANY_COMPOSITES',
  sentence: `The room has ${String(compositeLimits.perRoom)} composites already; end one first.`,
}

/** Every member has a place, with a picture or without; a screen has one of its own. */
function sourcesOf({ userId: person, userName: name, layers }: ListedMember) {
  return layers.filter(isSent).map(({ key, stream, kinds, streamType }) => ({
    ...{ key, name, person, isScreen: streamType === 'aux', isLive: kinds.video },
    isMuted: stream.withheld.audio,
    isHidden: stream.withheld.video,
  }))
}

function isSent({ streamType }: ListedLayer): boolean {
  return streamType !== 'small'
}

function summaryOf({ id, token, format, choice, composite }: OpenComposite): CompositeSummary {
  return { id, token, ...format, ...choice, ...composite.status }
}
