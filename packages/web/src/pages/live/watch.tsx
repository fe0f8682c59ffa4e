import type { VNode } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { bitrateText, delayText, NONE, rateText, sizeText } from '../../i18n/figures.js'
import { say } from '../../i18n/say.js'
import { CopyLine } from '../../ui/copy-line.js'
import { Icon } from '../../ui/icon.js'
import { Fact, Facts, Parts, StageNotice } from './facts.js'
import type { LiveModel, Measurement } from './live-model.js'
import { insteadOf, noticeOf, partText, PROTOCOL_NAMES } from './words.js'

/** The stream that plays, with everything about it. */
export function Watch({ model, hidden }: { model: LiveModel; hidden: boolean }): VNode {
  const state = model.state.value
  const why = state.kind === 'playing' ? insteadOf(state.protocol, state.setbacks) : ''
  return (
    <section id="watch" class="watch" aria-labelledby="watching" hidden={hidden}>
      <Player model={model} />
      <div class="heading">
        <h2 id="watching">{model.name.value}</h2>
        <label class="choice">
          <span>{say('playBy')}</span>
          <select
            value={model.preference.value}
            onChange={(event) => model.go(model.name.value, event.currentTarget.value)}
          >
            <option value="auto">{say('auto')}</option>
            {Object.entries(PROTOCOL_NAMES).map(([protocol, name]) => (
              <option key={protocol} value={protocol}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {why === '' ? null : (
        <p id="why" class="why">
          {why}
        </p>
      )}
      <Figures model={model} measured={model.measured.value} />
      <Addresses model={model} />
    </section>
  )
}

function Figures({ model, measured }: { model: LiveModel; measured: Measurement | undefined }): VNode {
  const { figures, sample } = measured ?? {}
  const state = model.state.value
  const protocol = state.kind === 'playing' ? state.protocol : undefined
  const transport = sample?.transport === undefined ? '' : ` / ${sample.transport.toUpperCase()}`
  const size =
    figures === undefined ? NONE : figures.width > 0 ? sizeText(figures.width, figures.height) : say('onlySound')
  const name = protocol === undefined || sample === undefined ? NONE : `${PROTOCOL_NAMES[protocol]}${transport}`
  return (
    <>
      <Facts>
        <Fact name="factProtocol" data={{ 'data-fact': 'protocol' }} value={name} />
        <Fact name="factPicture" data={{ 'data-fact': 'picture' }} value={size} />
        <Fact name="factRate" data={{ 'data-fact': 'rate' }} value={rateText(figures?.picturesPerSecond)} />
        <Fact name="bitrate" data={{ 'data-fact': 'bitrate' }} value={bitrateText(figures?.bytesPerSecond)} />
        <Fact name="delay" data={{ 'data-fact': 'delay' }} value={delayText(figures?.delayMs)}>
          <span class="tip">
            <button type="button" aria-label={say('delayHelp')} aria-describedby="delay-tip">
              ?
            </button>
            <span id="delay-tip" role="tooltip">
              {say(protocol === undefined || protocol === 'webrtc' ? 'delayWebrtc' : 'delayFlv')}
            </span>
          </span>
        </Fact>
      </Facts>
      <Parts parts={sample?.delay.map(partText) ?? []} />
    </>
  )
}

const NAMES: Readonly<Record<string, string>> = { rtmp: 'RTMP', flv: 'HTTP-FLV', wsFlv: 'WebSocket-FLV', whep: 'WHEP' }

/** The addresses at which other players find the stream. */
function Addresses({ model }: { model: LiveModel }): VNode | null {
  const entries = Object.entries(model.stream.value?.play ?? {})
  if (entries.length === 0) return null
  return (
    <details>
      <summary>{say('addresses')}</summary>
      <div class="copies">
        {entries.map(([kind, address]) => (
          <CopyLine key={kind} label={NAMES[kind] ?? kind} value={address} />
        ))}
      </div>
    </details>
  )
}

/** The picture with everything that lies on it: what is going on, sound, volume, full screen. */
function Player({ model }: { model: LiveModel }): VNode {
  const stage = useRef<HTMLDivElement>(null)
  const video = useRef<HTMLVideoElement>(null)
  useLayoutEffect(() => {
    if (video.current !== null) model.video = video.current
  }, [model])
  const { sound, setSound, setVolume, wasChosen } = useSound(video)
  const hasPicture = useHasPicture(video)
  useKeys(stage, () => setSound(video.current?.muted === true))
  const state = model.state.value
  const isStalled = model.isStalled.value
  const { main, more } = isStalled ? { main: say('stalled'), more: '' } : noticeOf(state, model.name.value ?? '')
  return (
    <div
      id="player"
      ref={stage}
      class="video-stage"
      tabIndex={-1}
      role="group"
      aria-label={say('player')}
      data-state={isStalled ? 'stalled' : state.kind}
      data-picture={hasPicture ? 'shown' : 'none'}
    >
      <video ref={video} muted playsInline disableRemotePlayback onDblClick={() => fillScreen(stage.current)} />
      <div class="quietly">
        <Icon name="sound" />
        <span>{say('onlySound')}</span>
      </div>
      <StageNotice id="notice" main={main} more={more}>
        {state.kind === 'stopped' ? (
          <button type="button" class="primary" onClick={() => model.retry()}>
            {say('tryAgain')}
          </button>
        ) : null}
        {state.kind === 'blocked' ? (
          <button type="button" class="primary" onClick={() => model.resume()}>
            {say('play')}
          </button>
        ) : null}
      </StageNotice>
      {state.kind === 'playing' && sound.muted && !wasChosen ? (
        <button type="button" class="primary sound" onClick={() => setSound(true)}>
          <Icon name="soundOff" />
          {say('playSound')}
        </button>
      ) : null}
      <div class="controls">
        <span class="badge">{say('liveNow')}</span>
        <span class="space" />
        <Control
          icon={sound.muted ? 'soundOff' : 'sound'}
          label={say(sound.muted ? 'unmute' : 'mute')}
          onUse={() => setSound(sound.muted)}
        />
        <input
          type="range"
          min="0"
          max="100"
          value={sound.muted ? 0 : Math.round(sound.volume * 100)}
          aria-label={say('volume')}
          onInput={(event) => setVolume(event.currentTarget.valueAsNumber / 100)}
        />
        {document.pictureInPictureEnabled ? (
          <Control icon="pictureInPicture" label={say('pictureInPicture')} onUse={() => floatPicture(stage.current)} />
        ) : null}
        <Control icon="fullscreen" label={say('fullscreenKey')} onUse={() => fillScreen(stage.current)} />
      </div>
    </div>
  )
}

function Control(props: {
  icon: 'sound' | 'soundOff' | 'pictureInPicture' | 'fullscreen'
  label: string
  onUse: () => void
}): VNode {
  const { icon, label, onUse } = props
  return (
    <button type="button" class="bare" aria-label={label} title={label} onClick={onUse}>
      <Icon name={icon} />
    </button>
  )
}

interface VideoRef {
  readonly current: HTMLVideoElement | null
}

function useSound(video: VideoRef) {
  const [sound, setState] = useState({ muted: true, volume: 1 })
  /** A viewer who turned the sound off does not want to be asked again. */
  const [wasChosen, setChosen] = useState(false)
  useLayoutEffect(() => {
    const element = video.current
    if (element === null) return
    const look = (): void => setState({ muted: element.muted, volume: element.volume })
    element.addEventListener('volumechange', look)
    return () => element.removeEventListener('volumechange', look)
  }, [video])
  const setSound = (on: boolean): void => {
    setChosen(true)
    if (video.current === null) return
    video.current.muted = !on
    if (on && video.current.volume === 0) video.current.volume = 1
  }
  const setVolume = (volume: number): void => {
    if (video.current !== null) video.current.volume = volume
    setSound(volume > 0)
  }
  return { sound, setSound, setVolume, wasChosen }
}

function useHasPicture(video: VideoRef): boolean {
  const [hasPicture, setHasPicture] = useState(false)
  useLayoutEffect(() => {
    const element = video.current
    if (element === null) return
    const look = (): void => setHasPicture(element.videoWidth > 0)
    const events = ['resize', 'loadedmetadata', 'emptied', 'playing'] as const
    for (const event of events) element.addEventListener(event, look)
    return () => events.forEach((event) => element.removeEventListener(event, look))
  }, [video])
  return hasPicture
}

function useKeys(stage: { readonly current: HTMLElement | null }, onMute: () => void): void {
  const mute = useRef(onMute)
  mute.current = onMute
  useLayoutEffect(() => {
    const handleKey = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement && event.target.type !== 'range'
      if (typing || event.target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey) return
      const key = event.key.toLowerCase()
      if (key === 'm') mute.current()
      if (key === 'f') fillScreen(stage.current)
      if (key === 'p') floatPicture(stage.current)
    }
    document.addEventListener('keydown', handleKey)
    return () => document.removeEventListener('keydown', handleKey)
  }, [stage])
}

/** Browsers refuse these when they like (no gesture, no picture yet); then nothing happens, as anywhere. */
function fillScreen(stage: HTMLElement | null): void {
  const asked = document.fullscreenElement === null ? stage?.requestFullscreen() : document.exitFullscreen()
  asked?.catch(() => undefined)
}

function floatPicture(stage: HTMLElement | null): void {
  if (!document.pictureInPictureEnabled) return
  const isOut = document.pictureInPictureElement !== null
  const asked = isOut ? document.exitPictureInPicture() : stage?.querySelector('video')?.requestPictureInPicture()
  asked?.catch(() => undefined)
}
