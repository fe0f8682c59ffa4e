import type { VNode } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Icon } from './icon.js'
import { language, say } from '../i18n/say.js'
import { tagOf } from '../i18n/choice.js'
import { MESSAGE_CHARS, type ChatLine } from '../pages/room/chat-log.js'
import type { RoomModel } from '../pages/room/room-model.js'
import './chat.css'

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const

/** The messages, and an input line. */
export function Chat({ model, takesFocus = false }: { model: RoomModel; takesFocus?: boolean }): VNode {
  const list = useRef<HTMLDivElement>(null)
  const lines = model.chat.lines.value
  useEffect(() => {
    model.chat.setOpen(true)
    return () => model.chat.setOpen(false)
  }, [model])
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight })
  }, [lines.length])
  return (
    <div class="chat">
      {lines.length === 0 ? <p class="chat-empty">{say('chatEmpty')}</p> : null}
      {/* Focusable, so that the keyboard can scroll it. */}
      <div ref={list} class="chat-lines" role="log" aria-label={say('chat')} tabIndex={0}>
        {lines.map((line, index) => (
          <ChatLineView key={line.id} line={line} follows={lines[index - 1]?.userId === line.userId} />
        ))}
      </div>
      <ChatInput model={model} takesFocus={takesFocus} />
    </div>
  )
}

function ChatLineView({ line, follows }: { line: ChatLine; follows: boolean }): VNode {
  const time = new Date(line.atMs).toLocaleTimeString(tagOf(language.value), CLOCK)
  return (
    <div class="chat-line" data-own={line.isOwn}>
      {follows ? null : (
        <p class="chat-who">
          <span class="chat-name">{line.isOwn ? say('you') : line.name}</span>
          <time dateTime={new Date(line.atMs).toISOString()}>{time}</time>
        </p>
      )}
      <p class="chat-text">{line.text}</p>
    </div>
  )
}

function ChatInput({ model, takesFocus }: { model: RoomModel; takesFocus: boolean }): VNode {
  const [text, setText] = useState('')
  const input = useRef<HTMLInputElement>(null)
  // Before the user's next letter, which would count as a shortcut.
  useLayoutEffect(() => {
    // On a phone the focus would bring up the keyboard, over what one wanted to read.
    if (takesFocus && !matchMedia('(hover: none)').matches) input.current?.focus()
  }, [takesFocus])
  // The line is cleared immediately: text typed while a message is being sent belongs to the next one.
  const send = async (): Promise<void> => {
    setText('')
    if (!(await model.say(text))) setText((typed) => [text, typed].filter((part) => part !== '').join(' '))
  }
  return (
    <form
      class="chat-form"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
    >
      <input
        ref={input}
        aria-label={say('chatInput')}
        placeholder={say('chatInput')}
        autoComplete="off"
        maxLength={MESSAGE_CHARS}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <button type="submit" class="primary" aria-label={say('send')} title={say('send')} disabled={text.trim() === ''}>
        <Icon name="send" />
      </button>
    </form>
  )
}
