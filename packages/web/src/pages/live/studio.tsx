import type { VNode } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { captureMissing, type Limitation, type SentReading } from '@crossroom/client/stream'
import { bitrateText, NONE, rateText, sizeText } from '../../i18n/figures.js'
import { say, type Phrase } from '../../i18n/say.js'
import { CopyLine } from '../../ui/copy-line.js'
import { Icon } from '../../ui/icon.js'
import { streamNameOf } from '../streams.js'
import { Fact, Facts, Parts, StageNotice } from './facts.js'
import type { LiveModel } from './live-model.js'
import { publishNotice, refusalNotice } from './publish-words.js'
import { NameInput } from './stream-list.js'
import type { Kind, Sent, StudioModel } from './studio-model.js'
import type { Notice } from './words.js'

/** "Go live": the preview, what is sent, and the stream's name. */
export function Studio({ model, hidden }: { model: LiveModel; hidden: boolean }): VNode {
  const { studio } = model
  const link = `${location.origin}/live?stream=${studio.streamName.value}`
  return (
    <section id="publish" class="watch" aria-labelledby="publish-title" hidden={hidden}>
      <Preview studio={studio} />
      <div class="heading">
        <h2 id="publish-title">{say('goLive')}</h2>
        <a href="?" onClick={(event) => model.follow(event)}>
          {say('backToWatching')}
        </a>
      </div>
      <StudioForm studio={studio} />
      <SentFigures sent={studio.sent.value} />
      {studio.isActive.value ? <CopyLine label={say('watchAt')} value={link} /> : null}
    </section>
  )
}

function Preview({ studio }: { studio: StudioModel }): VNode {
  const video = useRef<HTMLVideoElement>(null)
  const { publisher } = studio
  useLayoutEffect(() => {
    publisher.showIn(video.current)
    return () => publisher.showIn(null)
  }, [publisher])
  // What is captured has changed.
  void studio.changes.value
  const { main, more } = noticeNow(studio)
  const track = publisher.track('video')
  const isSeen = track !== undefined && !publisher.isMuted('video')
  return (
    <div
      id="studio"
      class="video-stage"
      tabIndex={-1}
      role="group"
      aria-label={say('preview')}
      data-state={stateOf(studio, main)}
      data-picture={isSeen ? 'shown' : 'none'}
    >
      <video
        id="preview"
        ref={video}
        muted
        playsInline
        disablePictureInPicture
        disableRemotePlayback
        data-mirrored={publisher.isMirrored}
      />
      <div class="quietly">
        <Icon name="cameraOff" />
        <span>{say(track === undefined ? 'noPicture' : 'pictureHidden')}</span>
      </div>
      <StageNotice id="publish-notice" main={main} more={more} />
      <p class="air">
        <span class="badge">{say('onAir')}</span> <span>{clockOf(studio.seconds.value)}</span>
      </p>
      <div class="switches">
        <Switch studio={studio} kind="audio" />
        <Switch studio={studio} kind="video" />
      </div>
    </div>
  )
}

function Switch({ studio, kind }: { studio: StudioModel; kind: Kind }): VNode | null {
  void studio.changes.value
  if (studio.publisher.track(kind) === undefined) return null
  const isMuted = studio.publisher.isMuted(kind)
  const phrases = { audio: ['muteMicrophone', 'unmuteMicrophone'], video: ['hidePicture', 'showPicture'] } as const
  const icons = { audio: ['microphone', 'microphoneOff'], video: ['camera', 'cameraOff'] } as const
  const label = say(phrases[kind][isMuted ? 1 : 0])
  return (
    <button
      type="button"
      class="bare"
      aria-pressed={isMuted}
      aria-label={label}
      title={label}
      onClick={() => studio.toggle(kind)}
    >
      <Icon name={icons[kind][isMuted ? 1 : 0]} />
    </button>
  )
}

function StudioForm({ studio }: { studio: StudioModel }): VNode {
  const [isWrong, setWrong] = useState(false)
  const form = useRef<HTMLFormElement>(null)
  const isActive = studio.isActive.value
  const isIdle = !studio.isAsking.value && captureMissing('camera') !== 'insecure'
  const focus = (selector: string): void => form.current?.querySelector<HTMLElement>(selector)?.focus()
  useLayoutEffect(() => {
    // The button that was pressed has given way to the other one.
    if (document.activeElement === document.body) focus('.air-switch')
  }, [isActive])
  const goLive = (): void => {
    const name = streamNameOf(studio.typed.value)
    setWrong(name === undefined)
    if (name === undefined) focus('input')
    else void studio.goLive(name)
  }
  return (
    <form
      ref={form}
      class="studio-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        goLive()
      }}
    >
      <Sources studio={studio} disabled={!isIdle} />
      <Devices studio={studio} kind="video" />
      <Devices studio={studio} kind="audio" />
      <label class="device name">
        <span>{say('streamName')}</span>
        <NameInput
          id="publish-name"
          value={studio.typed.value}
          isWrong={isWrong}
          disabled={isActive}
          onInput={(value) => (studio.typed.value = value)}
        />
      </label>
      {isActive ? (
        <button key="stop" type="button" class="danger air-switch" onClick={() => studio.publisher.stop()}>
          {say('stopLive')}
        </button>
      ) : (
        <button key="go" type="submit" class="primary air-switch" disabled={!isIdle}>
          {say('goLive')}
        </button>
      )}
      <p id="publish-name-error" class="error" role="alert">
        {isWrong ? say('badName') : ''}
      </p>
    </form>
  )
}

function Sources({ studio, disabled }: { studio: StudioModel; disabled: boolean }): VNode {
  void studio.changes.value
  return (
    <fieldset class="sources">
      <legend>{say('source')}</legend>
      {(['camera', 'screen'] as const).map((source) => (
        <button
          key={source}
          type="button"
          aria-pressed={studio.publisher.source === source}
          disabled={disabled}
          onClick={() => void studio.open(source)}
        >
          {say(source === 'camera' ? 'camera' : 'screenWord')}
        </button>
      ))}
    </fieldset>
  )
}

/** Cameras or microphones; not there while there is nothing to choose from. */
function Devices({ studio, kind }: { studio: StudioModel; kind: Kind }): VNode | null {
  void studio.changes.value
  const { publisher } = studio
  const track = publisher.track(kind)
  const known = studio.devices.value.filter((it) => it.kind === `${kind}input` && it.deviceId !== '')
  if (track === undefined || known.length === 0 || (kind === 'video' && publisher.source !== 'camera')) return null
  return (
    <label class="device">
      <span>{say(kind === 'video' ? 'camera' : 'microphone')}</span>
      <select
        value={track.getSettings().deviceId ?? ''}
        onChange={(event) => void studio.choose(kind, event.currentTarget.value)}
      >
        {known.map(({ deviceId, label }, index) => (
          <option key={deviceId} value={deviceId}>
            {label === '' ? say(kind === 'video' ? 'cameraNumber' : 'microphoneNumber', { number: index + 1 }) : label}
          </option>
        ))}
      </select>
    </label>
  )
}

const LIMITATIONS: Readonly<Record<Exclude<Limitation, 'none'>, Phrase>> = {
  cpu: 'limitedCpu',
  bandwidth: 'limitedBandwidth',
  other: 'limitedOther',
}

function SentFigures({ sent }: { sent: Sent | undefined }): VNode {
  const { width, height, roundTripMs, lost, transport } = sent?.reading ?? {}
  const by = transport === undefined ? '' : ` / ${transport.toUpperCase()}`
  const size = width === undefined || height === undefined ? NONE : sizeText(width, height)
  const roundTrip = roundTripMs === undefined ? NONE : `${roundTripMs.toFixed(0)} ms`
  const share = lost === undefined ? NONE : `${(lost * 100).toFixed(1)} %`
  return (
    <>
      <Facts>
        <Fact name="factSent" data={{ 'data-sent': 'transport' }} value={sent === undefined ? NONE : `WebRTC${by}`} />
        <Fact name="factPicture" data={{ 'data-sent': 'picture' }} value={size} />
        <Fact name="factRate" data={{ 'data-sent': 'rate' }} value={rateText(sent?.picturesPerSecond)} />
        <Fact name="bitrate" data={{ 'data-sent': 'bitrate' }} value={bitrateText(sent?.bytesPerSecond)} />
        <Fact name="factRoundTrip" data={{ 'data-sent': 'roundTrip' }} value={roundTrip} />
        <Fact name="factLost" data={{ 'data-sent': 'lost' }} value={share} />
      </Facts>
      <Parts parts={sent === undefined ? [] : partsOf(sent.reading)} />
    </>
  )
}

function partsOf({ videoCodec, audioCodec, limitation }: SentReading): string[] {
  const codecs = [videoCodec, audioCodec].filter((codec) => codec !== undefined)
  return [
    ...(codecs.length === 0 ? [] : [say('codecsSent', { codecs: codecs.join(', ') })]),
    ...(limitation === undefined || limitation === 'none' ? [] : [say(LIMITATIONS[limitation])]),
  ]
}

function noticeNow(studio: StudioModel): Notice {
  const state = studio.state.value
  const refusal = studio.refusal.value
  if (captureMissing('camera') === 'insecure') return refusalNotice({ reason: 'insecure' }, '')
  if (studio.isAsking.value) return { main: say('askingBrowser'), more: '' }
  if (refusal !== undefined) return refusalNotice(refusal, studio.streamName.value)
  if (state.kind !== 'idle') return publishNotice(state, studio.streamName.value, studio.wasLive)
  if (studio.publisher.source !== undefined) return { main: '', more: '' }
  return { main: say('chooseSource'), more: say('chooseSourceMore') }
}

function stateOf(studio: StudioModel, notice: string): string {
  const { kind } = studio.state.value
  if (notice === '') return kind === 'live' ? 'live' : 'ready'
  if (studio.isAsking.value) return 'asking'
  return studio.refusal.value === undefined ? kind : 'stopped'
}

function clockOf(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return hours === 0 ? rest : `${String(hours)}:${rest}`
}
