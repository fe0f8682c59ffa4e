import { signal } from '@preact/signals'
import type { VNode } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { Icon } from '../../ui/icon.js'
import { NONE, bitrateText, delayText, rateText, sizeText } from '../../i18n/figures.js'
import { say } from '../../i18n/say.js'
import type { PlayerState } from '@crossroom/client/stream'
import { Backdrop } from '../../ui/backdrop.js'
import { fitOf } from '../room/grid.js'
import type { Measured } from '../measured.js'
import type { MonitorModel } from './monitor-model.js'
import { WallItem } from './wall-item.js'
import type { WallStream } from './room-streams.js'

const LOOK_MS = 1_000
/** As in monitor.css. */
const WALL_SHAPE = { width: 16, height: 9 }

/** One picture on the wall, with its figures under it. It plays only while it can be seen, and is a picture otherwise. */
export function WallTile({ model, stream }: { model: MonitorModel; stream: WallStream }): VNode {
  const box = useRef<HTMLElement>(null)
  const video = useRef<HTMLVideoElement>(null)
  const current = useMemo(() => signal<WallItem | undefined>(undefined), [])
  useEffect(() => {
    if (box.current === null || video.current === null) return
    return keepPlaying(
      box.current,
      new WallItem(video.current, (of) => model.picture(of)),
      stream,
      model,
      (item) => (current.value = item),
    )
  }, [model, stream.key, stream.path, current])
  const isHeard = model.heard.value === stream.key
  useEffect(() => {
    if (video.current !== null) video.current.muted = !isHeard
  }, [isHeard])
  const item = current.value
  const measured = item?.measured.value
  const isLarge = model.large.value === stream.key
  return (
    <article ref={box} class="wall-tile" aria-label={stream.name} data-state={item?.state.value.kind ?? 'idle'}>
      <div class="wall-picture">
        {measured !== undefined && fitOf(measured, WALL_SHAPE) === 'contain' ? <Backdrop /> : null}
        <video ref={video} muted playsInline disableRemotePlayback />
        <p class="wall-note" role="status">
          {noteOf(stream, item?.state.value, measured)}
        </p>
      </div>
      <div class="wall-head">
        <h2>{stream.name}</h2>
        <span class="wall-size">{sizeOf(measured)}</span>
        <button
          type="button"
          class="bare"
          aria-pressed={isHeard}
          aria-label={say(isHeard ? 'silence' : 'listen', { name: stream.name })}
          onClick={() => model.toggleHeard(stream.key)}
        >
          <Icon name={isHeard ? 'sound' : 'soundOff'} />
        </button>
        <button
          type="button"
          class="bare"
          aria-pressed={isLarge}
          aria-label={isLarge ? say('shrink') : say('enlarge', { name: stream.name })}
          onClick={() => model.toggleLarge(stream.key)}
        >
          <Icon name={isLarge ? 'grid' : 'fullscreen'} />
        </button>
      </div>
      <Figures measured={measured} />
    </article>
  )
}

function Figures({ measured }: { measured: Measured | undefined }): VNode {
  return (
    <dl class="wall-figures">
      <div data-figure="delay">
        <dt>{say('delay')}</dt>
        <dd>{delayText(measured?.delayMs)}</dd>
      </div>
      <div data-figure="bitrate">
        <dt>{say('bitrate')}</dt>
        <dd>{bitrateText(measured?.bytesPerSecond)}</dd>
      </div>
      <div data-figure="dropped" data-bad={(measured?.dropped ?? 0) > 0}>
        <dt>{say('dropped')}</dt>
        <dd>{measured === undefined ? NONE : measured.dropped}</dd>
      </div>
      <div data-figure="rate">
        <dt>{say('frameRate')}</dt>
        <dd>{rateText(measured?.picturesPerSecond)}</dd>
      </div>
    </dl>
  )
}

function sizeOf(measured: Measured | undefined): string {
  return measured === undefined || measured.width === 0 ? '' : sizeText(measured.width, measured.height)
}

function noteOf(stream: WallStream, state: PlayerState | undefined, measured: Measured | undefined): string {
  if (!stream.isLive) return say('publisherAway')
  switch (state?.kind) {
    case 'playing':
      return measured?.width === 0 ? say('soundOnly') : ''
    case 'waiting':
    case 'blocked':
      return say('trying')
    case 'stopped':
      return say('cannotBePlayed')
    case 'idle':
    case 'connecting':
    case undefined:
      return say('connecting')
  }
}

/** Plays while the tile is on the screen, looks once a second, and tells of both; returns how to end it. */
function keepPlaying(
  box: HTMLElement,
  item: WallItem,
  stream: WallStream,
  model: MonitorModel,
  tell: (item: WallItem | undefined) => void,
): () => void {
  tell(item)
  const observer = new IntersectionObserver(([entry]) => {
    if (entry?.isIntersecting === true) item.open(stream)
    else item.rest(stream)
  })
  observer.observe(box)
  const timer = setInterval(() => {
    void item.look().then(() => model.note(stream.key, item.measured.value))
  }, LOOK_MS)
  return () => {
    observer.disconnect()
    clearInterval(timer)
    item.end()
    model.note(stream.key, undefined)
    tell(undefined)
  }
}
