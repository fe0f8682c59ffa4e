import { attributesOf, PLAYER_ATTRIBUTES, PUSHER_ATTRIBUTES, type TagAttributes } from '../index.js'
import type { MixPlayer } from './audio-only.js'
import { layoutOf, type Layout, type Pane } from './layout.js'
import type { RoomProperties } from './properties.js'
import type { Seat, SeatPlayer } from './seats.js'

/** What the WXML shows; plain data for setData. */
export interface RoomView {
  readonly layout: { readonly template: string; readonly size: string; readonly self: Pane }
  readonly pushUrl: string
  readonly pusher: TagAttributes
  readonly pusherImage: string
  readonly simulated: boolean
  readonly selfName: string
  readonly tiles: readonly Tile[]
  /** The player of the mixed audio, if any: a list, because WXML creates elements again only by the key of a list. */
  readonly mixes: readonly MixPlayer[]
  readonly mix: TagAttributes
  /** That the room is recorded; empty: it is not. */
  readonly recordingText: string
  readonly debugText: string
}

/** One player, or a name where there is none. */
export interface Tile {
  /** Changes when the element must be created again. */
  readonly key: string
  readonly id: string
  readonly userId: string
  readonly userName: string
  readonly streamType: 'main' | 'aux'
  readonly pane: string
  readonly style: string
  /** Empty: no player. */
  readonly url: string
  readonly player: TagAttributes
  /** Why there is a name instead of a picture; empty: there is none. */
  readonly placeholder: string
  readonly image: string
  readonly masked: boolean
}

export interface RoomState {
  readonly properties: RoomProperties
  readonly seats: readonly (Seat | undefined)[]
  readonly pushUrl: string | undefined
  /** In WeChat DevTools, where the tags are inert. */
  readonly simulated: boolean
  readonly inRoom: boolean
  readonly recorded: boolean
  readonly camera: boolean
  readonly microphone: boolean
  /** Remote users whose picture, or sound, the app has switched off on this phone. */
  readonly hidden: ReadonlySet<string>
  readonly silenced: ReadonlySet<string>
  /** Remote users who are heard in the mix and have no player. */
  readonly audioOnly: ReadonlySet<string>
  readonly mixPlayer: MixPlayer | undefined
  readonly debugText: string
}

/** Whoever sees it may read either. */
const RECORDING = '录制中 Recording'

/** The whole view of a state. */
export function viewOf(state: RoomState): RoomView {
  const { properties } = state
  const layout = layoutOf({
    template: properties.template,
    seats: state.seats.map((seat) => seat?.user.userId),
    selfId: properties.role === 'audience' && state.pushUrl === undefined ? undefined : properties.userID,
    roomCreator: properties.roomCreator,
    smallView: {
      left: properties.smallViewLeft,
      top: properties.smallViewTop,
      width: properties.smallViewWidth,
      height: properties.smallViewHeight,
    },
  })
  return {
    layout: { template: layout.template, size: layout.size, self: layout.self },
    pushUrl: state.simulated ? '' : (state.pushUrl ?? ''),
    pusher: pusherOf(state),
    pusherImage: state.camera && state.inRoom ? '' : properties.pusherBackgroundImg,
    simulated: state.simulated && state.inRoom,
    selfName: properties.userName || properties.userID,
    tiles: tilesOf(state, layout),
    mixes: state.simulated || !state.mixPlayer ? [] : [state.mixPlayer],
    mix: attributesOf(PLAYER_ATTRIBUTES, properties.playerAttributes),
    recordingText: state.inRoom && state.recorded ? RECORDING : '',
    debugText: state.debugText,
  }
}

function pusherOf({ properties, camera, microphone }: RoomState): TagAttributes {
  const own = {
    beauty: properties.beauty,
    whiteness: properties.whiteness,
    aspect: properties.aspect,
    minBitrate: properties.minBitrate,
    maxBitrate: properties.maxBitrate,
    enableCamera: camera,
    enableMic: microphone,
    muted: !microphone,
    waitingImage: properties.waitingImg,
  }
  return attributesOf(PUSHER_ATTRIBUTES, own, properties.pusherAttributes)
}

/** Cameras in seat order, then the screens that lie over them. */
function tilesOf(state: RoomState, layout: Layout): Tile[] {
  const tiles: Tile[] = []
  for (const streamType of ['main', 'aux'] as const) {
    state.seats.forEach((seat, index) => {
      const player = seat?.players.get(streamType)
      const pane = layout.seats[index]
      if (!seat || !pane || (streamType === 'aux' && !player)) return
      tiles.push(tileOf(state, seat, streamType, player, pane))
    })
  }
  return tiles
}

function tileOf(
  state: RoomState,
  { user }: Seat,
  streamType: 'main' | 'aux',
  player: SeatPlayer | undefined,
  pane: Pane,
): Tile {
  const heardOnly = streamType === 'main' && state.audioOnly.has(user.userId)
  const started = player?.started === true && !heardOnly && !state.simulated
  const stream = user.streams.find((candidate) => candidate.streamType === streamType)
  return {
    key: `${user.userId}-${streamType}-${player?.route.generation ?? 0}`,
    // The id that apps hand to wx.createLivePlayerContext is the user's.
    id: streamType === 'main' ? user.userId : `${user.userId}-aux`,
    userId: user.userId,
    userName: user.userName || user.userId,
    streamType,
    pane: pane.name,
    style: pane.style,
    url: started ? player.route.url : '',
    player: playerOf(state, user.userId, streamType, player),
    placeholder: placeholderOf(state, heardOnly),
    image: imageOf(state, started && player.loading, stream?.hasVideo === true),
    masked: state.hidden.has(user.userId),
  }
}

function playerOf(
  { properties, silenced }: RoomState,
  userId: string,
  streamType: 'main' | 'aux',
  player: SeatPlayer | undefined,
): TagAttributes {
  const own = {
    // A screen is read, not looked at: nothing of it may be cut off.
    objectFit: streamType === 'aux' ? 'contain' : 'fillCrop',
    orientation: player?.sideways ? 'horizontal' : 'vertical',
  }
  const muted = silenced.has(userId) ? { muted: true } : undefined
  return attributesOf(PLAYER_ATTRIBUTES, own, properties.playerAttributes, muted)
}

function placeholderOf({ simulated }: RoomState, heardOnly: boolean): string {
  if (simulated) return 'WeChat DevTools has no live-player: use a phone to see'
  return heardOnly ? 'Sound only' : ''
}

function imageOf({ properties }: RoomState, loading: boolean, hasVideo: boolean): string {
  if (loading) return properties.loadingImg
  return hasVideo ? '' : properties.playerBackgroundImg
}
