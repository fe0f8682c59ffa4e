/** A socket whose other side is the test. */
export class FakeSocket {
  static all: FakeSocket[] = []
  onopen: (() => void) | undefined
  onmessage: ((event: { data: unknown }) => void) | undefined
  onclose: ((event: { code: number; reason: string }) => void) | undefined
  readonly sent: { id: string; method: string; params: Record<string, unknown> }[] = []
  closed: number | undefined
  readonly url: string

  constructor(url: string) {
    this.url = url
    FakeSocket.all.push(this)
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as (typeof this.sent)[number])
  }

  close(code: number): void {
    this.closed = code
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify({ jsonrpc: '2.0', ...message }) })
  }

  /** Opens, and answers the entry. */
  admit(result: object): void {
    this.onopen?.()
    this.say({ id: this.sent[0]!.id, result })
  }
}
