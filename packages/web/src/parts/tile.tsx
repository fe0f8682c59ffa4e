import { useComputed } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Icon } from '../design/icon.js'
import { say } from '../language/say.js'
import { initialsOf, shadeOf } from '../room/identity.js'
import type { Person, Tile } from '../room/people.js'
import type { RoomModel } from '../room/room-model.js'
import { AUDIBLE } from '../room/speaker.js'
import { NetworkBars } from './network-bars.js'
import { PersonIcon } from './person-icon.js'
import './tile.css'

const SHADES = 6

/** One picture of one person with name, state and network; a face made of letters while there is no picture. */
export function TileView(props: {
  model: RoomModel
  tile: Tile
  pinned?: boolean
  onPin?: () => void
  /** The whole picture is seen, or the tile is filled. */
  fit?: 'contain' | 'cover'
}): VNode {
  const { model, tile, pinned = false, onPin, fit = 'cover' } = props
  const { person, streamType } = tile
  const speaks = useComputed(() => (model.levels.value.get(person.userId) ?? 0) >= AUDIBLE && streamType === 'main')
  const isShown = streamType === 'aux' ? person.hasScreen : person.hasPicture
  const name = streamType === 'aux' ? say('screenOf', { name: person.name }) : person.name
  return (
    <article
      class="tile"
      aria-label={name}
      data-user={person.userId}
      data-stream={streamType}
      data-speaks={speaks.value && person.hasSound}
    >
      {/* Behind the picture, which is transparent until it comes. */}
      {streamType === 'aux' ? null : <Face person={person} />}
      <Picture model={model} tile={tile} isShown={isShown} fit={streamType === 'aux' ? 'contain' : fit} />
      <div class="tile-foot">
        <TileState model={model} tile={tile} name={name} />
      </div>
      {onPin === undefined ? null : (
        <button
          type="button"
          class="tile-pin"
          aria-pressed={pinned}
          aria-label={say(pinned ? 'unpin' : 'pin', { name })}
          title={say(pinned ? 'unpin' : 'pin', { name })}
          onClick={onPin}
        >
          <Icon name="pin" />
        </button>
      )}
    </article>
  )
}

function TileState({ model, tile, name }: { model: RoomModel; tile: Tile; name: string }): VNode {
  const { person, streamType } = tile
  return (
    <>
      {streamType === 'main' && !person.hasSound ? (
        <span class="tile-muted" title={say('isMuted')}>
          <Icon name="microphoneOff" />
          <span class="unseen">{say('isMuted')}</span>
        </span>
      ) : null}
      {streamType === 'main' ? <PersonIcon person={person} /> : <Icon name="screen" />}
      <span class="tile-name">{person.isSelf ? say('nameAndYou', { name }) : name}</span>
      <NetworkBars quality={model.quality.value.get(person.userId) ?? 0} />
    </>
  )
}

/** The place the SDK shows a picture in. It is there only while there is a picture, and given back when it goes. */
function Picture(props: { model: RoomModel; tile: Tile; isShown: boolean; fit: 'contain' | 'cover' }): VNode | null {
  const { model, tile, isShown, fit } = props
  const view = useRef<HTMLDivElement>(null)
  const { userId, isSelf } = tile.person
  const { streamType } = tile
  useEffect(() => {
    const element = view.current
    if (element === null || !isShown) return
    if (isSelf) {
      model.local.showIn(element)
      return () => model.local.hideFrom(element)
    }
    model.client.startRemoteVideo({ userId, streamType, view: element, fit }).catch(() => undefined)
    return () => void model.client.stopRemoteVideo({ userId, streamType }).catch(() => undefined)
  }, [model, userId, streamType, isSelf, isShown, fit])
  return isShown ? <div ref={view} class="tile-picture" data-fit={fit} /> : null
}

function Face({ person }: { person: Person }): VNode {
  return (
    <div class="tile-face" data-shade={shadeOf(person.userId, SHADES)} aria-hidden="true">
      <span>{initialsOf(person.name)}</span>
    </div>
  )
}
