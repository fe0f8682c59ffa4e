import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { say, type Phrase } from '../../i18n/say.js'
import { Icon } from '../../ui/icon.js'
import { streamNameOf, type ListedStream, type StreamList as Answer } from '../streams.js'
import type { LiveModel } from './live-model.js'

const HIDDEN: Readonly<Record<Extract<Answer, { kind: 'hidden' }>['why'], Phrase>> = {
  key: 'hiddenKey',
  local: 'hiddenLocal',
  elsewhere: 'hiddenElsewhere',
  unreachable: 'monitorUnreachable',
}

/** The list beside the picture, and the ways to what is not listed. */
export function StreamList({ model }: { model: LiveModel }): VNode {
  const answer = model.answer.value
  const choose = (name: string): void => {
    model.go(name, model.preference.value)
    document.getElementById('player')?.scrollIntoView({ block: 'nearest' })
  }
  const note = answer === undefined ? '' : noteOf(answer)
  return (
    <nav class="list" aria-labelledby="streams-title">
      {model.isPublishing.value ? null : (
        <a class="go-live" href="?publish=" onClick={(event) => model.follow(event)}>
          <Icon name="camera" />
          {say('goLive')}
        </a>
      )}
      <h2 id="streams-title">{say('streams')}</h2>
      <ul id="streams">
        {model.streams.value.map((stream) => (
          <li key={stream.name}>
            <Item stream={stream} isCurrent={stream.name === model.name.value} onChoose={choose} />
          </li>
        ))}
      </ul>
      {note === '' ? null : (
        <p class="note" role="status">
          {note}
        </p>
      )}
      {answer?.kind === 'hidden' && answer.why === 'key' ? <KeyForm onKey={(key) => void model.refresh(key)} /> : null}
      <NameForm current={model.name.value} onChoose={choose} />
    </nav>
  )
}

function Item(props: { stream: ListedStream; isCurrent: boolean; onChoose: (name: string) => void }): VNode {
  const { stream, isCurrent, onChoose } = props
  return (
    <a
      class={stream.live ? 'stream live' : 'stream'}
      href={`?stream=${encodeURIComponent(stream.name)}`}
      aria-current={isCurrent ? 'true' : undefined}
      onClick={(event) => {
        // With a modifier the browser opens the link in a tab or window of its own.
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
        event.preventDefault()
        onChoose(stream.name)
      }}
    >
      <span class="dot" />
      <span class="name">{stream.name}</span>
      <span class="about">{aboutText(stream)}</span>
    </a>
  )
}

function KeyForm({ onKey }: { onKey: (key: string) => void }): VNode {
  const [key, setKey] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onKey(key)
      }}
    >
      <label for="key">{say('apiKey')}</label>
      <div class="line">
        <input
          id="key"
          type="password"
          autoComplete="off"
          required
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
        <button type="submit">{say('show')}</button>
      </div>
    </form>
  )
}

function NameForm({ current, onChoose }: { current: string | undefined; onChoose: (name: string) => void }): VNode {
  const [typed, setTyped] = useState(current ?? '')
  const [isWrong, setWrong] = useState(false)
  useEffect(() => setTyped(current ?? ''), [current])
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        const name = streamNameOf(typed)
        setWrong(name === undefined)
        if (name !== undefined) onChoose(name)
      }}
    >
      <label for="name">{say('streamName')}</label>
      <div class="line">
        <NameInput id="name" value={typed} isWrong={isWrong} onInput={setTyped} />
        <button type="submit">{say('watch')}</button>
      </div>
      <p id="name-error" class="error" role="alert">
        {isWrong ? say('badName') : ''}
      </p>
    </form>
  )
}

/** Where the name of a stream is typed; `ID-error` says what is wrong with it. */
export function NameInput(props: {
  id: string
  value: string
  isWrong: boolean
  disabled?: boolean
  onInput: (value: string) => void
}): VNode {
  const { id, value, isWrong, disabled = false, onInput } = props
  return (
    <input
      id={id}
      type="text"
      placeholder="live/camera1"
      autoComplete="off"
      autoCapitalize="none"
      spellcheck={false}
      disabled={disabled}
      aria-invalid={isWrong}
      aria-describedby={`${id}-error`}
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  )
}

function noteOf(answer: Answer): string {
  if (answer.kind === 'hidden') return say(HIDDEN[answer.why])
  return answer.streams.length === 0 ? `${say('noStreams')} ${say('noStreamsHow')}` : ''
}

function aboutText({ live, video, audio, viewers }: ListedStream): string {
  const facts: string[] = []
  if (video !== undefined) {
    facts.push(video.width > 0 ? `${String(video.width)}×${String(video.height)}` : '', video.codec.toUpperCase())
  }
  if (audio !== undefined) facts.push(video === undefined ? say('onlySound') : '', audio.codec.toUpperCase())
  if (!live) facts.push(say('paused'))
  else if (video === undefined && audio === undefined) facts.push(say('starting'))
  if (viewers > 0) facts.push(say('watching', { count: viewers }))
  return facts.filter((fact) => fact !== '').join(' · ')
}
