import { useComputed } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Icon, type IconName } from './icon.js'
import { say } from '../i18n/say.js'
import { fitOf } from '../pages/room/grid.js'
import { initialsOf, shadeOf } from '../pages/room/identity.js'
import type { Person, Tile } from '../pages/room/people.js'
import type { RoomModel } from '../pages/room/room-model.js'
import { AUDIBLE } from '../pages/room/speaker.js'
import { Backdrop } from './backdrop.js'
import { NetworkBars } from './network-bars.js'
import { PersonIcon } from './person-icon.js'
import { useSize } from './use-size.js'
import './tile.css'

const SHADES = 6

/** One picture of one person with name, state and network; a face made of letters while there is no picture. */
export function TileView(props: {
  model: RoomModel
  tile: Tile
  pinned?: boolean
  onPin?: () => void
  /** The whole picture is seen, however the tile is shaped. */
  isLarge?: boolean
  /** In a corner: no tools. */
  isSmall?: boolean
}): VNode {
  const { model, tile, pinned = false, onPin, isLarge = false, isSmall = false } = props
  const { person, streamType } = tile
  const box = useRef<HTMLElement>(null)
  const size = useSize(box)
  const speaks = useComputed(() => (model.levels.value.get(person.userId) ?? 0) >= AUDIBLE && streamType === 'main')
  const isShown = streamType === 'aux' ? person.hasScreen : person.hasPicture
  const name = streamType === 'aux' ? say('screenOf', { name: person.name }) : person.name
  const picture = model.sizes.value.get(tile.key) ?? { width: 0, height: 0 }
  const fit = streamType === 'aux' || isLarge ? 'contain' : fitOf(picture, size)
  return (
    <article
      ref={box}
      class="tile"
      aria-label={name}
      data-user={person.userId}
      data-stream={streamType}
      data-speaks={speaks.value && person.hasSound}
    >
      {/* Behind the picture, which is transparent until it comes. */}
      {streamType === 'aux' ? null : <Face person={person} />}
      {isShown && fit === 'contain' ? <Backdrop /> : null}
      <Picture model={model} tile={tile} isShown={isShown} fit={fit} />
      <div class="tile-foot">
        <TileState model={model} tile={tile} name={name} />
      </div>
      {isSmall ? null : (
        <TileTools
          box={box}
          name={name}
          isShown={isShown}
          pinned={pinned}
          {...(onPin === undefined ? {} : { onPin })}
        />
      )}
      {person.isSelf && model.local.canFlip.value && isShown ? (
        <button
          type="button"
          class="tile-tool tile-flip"
          aria-label={say('flipCamera')}
          title={say('flipCamera')}
          onClick={() => void model.local.flipCamera()}
        >
          <Icon name="flip" />
        </button>
      ) : null}
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

/** What can be done with one picture; seen under a mouse or with the focus, for it must not cover the picture. */
function TileTools(props: {
  box: { readonly current: HTMLElement | null }
  name: string
  isShown: boolean
  pinned: boolean
  onPin?: () => void
}): VNode {
  const { box, name, isShown, pinned, onPin } = props
  const pinLabel = say(pinned ? 'unpin' : 'pin', { name })
  return (
    <div class="tile-tools">
      {isShown && document.pictureInPictureEnabled ? (
        <TileTool icon="pictureInPicture" label={say('inPicture', { name })} onUse={() => floatPicture(box.current)} />
      ) : null}
      {isShown && document.fullscreenEnabled ? (
        <TileTool icon="fullscreen" label={say('fullscreen', { name })} onUse={() => fillScreen(box.current)} />
      ) : null}
      {onPin === undefined ? null : <TileTool icon="pin" label={pinLabel} pressed={pinned} onUse={onPin} />}
    </div>
  )
}

function TileTool(props: { icon: IconName; label: string; pressed?: boolean; onUse: () => void }): VNode {
  const { icon, label, pressed, onUse } = props
  return (
    <button type="button" class="tile-tool" aria-pressed={pressed} aria-label={label} title={label} onClick={onUse}>
      <Icon name={icon} />
    </button>
  )
}

/** Browsers refuse these when they like; then nothing happens. */
function floatPicture(box: HTMLElement | null): void {
  const video = box?.querySelector('video')
  if (document.pictureInPictureElement === video && video !== null) void document.exitPictureInPicture()
  else video?.requestPictureInPicture().catch(() => undefined)
}

function fillScreen(box: HTMLElement | null): void {
  if (document.fullscreenElement === null) box?.requestFullscreen().catch(() => undefined)
  else void document.exitFullscreen()
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
    model.client.startRemoteVideo({ userId, streamType, view: element, fit: 'cover' }).catch(() => undefined)
    return () => void model.client.stopRemoteVideo({ userId, streamType }).catch(() => undefined)
  }, [model, userId, streamType, isSelf, isShown])
  return isShown ? <div ref={view} class="tile-picture" data-fit={fit} /> : null
}

function Face({ person }: { person: Person }): VNode {
  return (
    <div class="tile-face" data-shade={shadeOf(person.userId, SHADES)} aria-hidden="true">
      <span>{initialsOf(person.name)}</span>
    </div>
  )
}
