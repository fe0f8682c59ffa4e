import { byId, element } from './dom.js'
import type { ListedStream } from '../streams.js'
import { text } from './texts.js'

const NAMES: Readonly<Record<string, string>> = {
  rtmp: 'RTMP',
  flv: 'HTTP-FLV',
  wsFlv: 'WebSocket-FLV',
  whep: 'WHEP',
}

/** The addresses at which other players find the stream, each with a button to copy it. */
export class Addresses {
  readonly #details = byId('addresses', HTMLDetailsElement)
  readonly #list = this.#details.querySelector('ul')!
  #shown = ''

  show(stream: ListedStream | undefined): void {
    const state = JSON.stringify([document.documentElement.lang, stream?.play])
    if (state === this.#shown) return
    this.#shown = state
    const entries = Object.entries(stream?.play ?? {})
    this.#details.hidden = entries.length === 0
    this.#list.replaceChildren(...entries.map(([kind, address]) => line(NAMES[kind] ?? kind, address)))
  }
}

function line(protocol: string, address: string): HTMLLIElement {
  const copy = element('button', 'quiet', text('copy'))
  copy.type = 'button'
  copy.setAttribute('aria-label', text('copyAddress', { protocol }))
  const code = element('code', '', address)
  copy.addEventListener('click', () => {
    copyText(address, code).then(
      () => (copy.textContent = text('copied')),
      () => undefined,
    )
  })
  return element('li', '', element('span', '', protocol), code, copy)
}

/** The clipboard is for secure pages only; elsewhere the address is selected, ready for Ctrl+C. */
async function copyText(address: string, shown: HTMLElement): Promise<void> {
  window.getSelection()?.selectAllChildren(shown)
  await navigator.clipboard.writeText(address)
}
