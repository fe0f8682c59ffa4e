import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ServerRig } from './session.fake.js'

type ModelState = 'idle' | 'publishRequested' | 'publishing' | 'playRequested' | 'playing'

/** What the streams of a connection may do, in a table that fits on a page. */
class Model {
  readonly states = new Map<number, ModelState>()
  readonly events: string[] = []
  /** Media that came before the answer. */
  readonly #waiting = new Map<number, number>()
  #created = 0

  createStream(): void {
    if (this.states.size === 8) return
    this.#created += 1
    this.states.set(this.#created, 'idle')
  }

  request(streamId: number, what: 'publish' | 'play'): void {
    const target = this.#target(streamId)
    if (target === undefined || this.states.get(target) !== 'idle') return
    this.states.set(target, `${what}Requested`)
    this.events.push(`${what} ${target}`)
  }

  accept(streamId: number, what: 'publish' | 'play'): void {
    if (this.states.get(streamId) !== `${what}Requested`) return
    this.states.set(streamId, what === 'publish' ? 'publishing' : 'playing')
    for (let count = this.#waiting.get(streamId) ?? 0; count > 0; count--) this.events.push(`media ${streamId}`)
    this.#waiting.delete(streamId)
  }

  /** The server's side ends whatever is there; the client is not asked. */
  end(streamId: number): void {
    if (this.states.has(streamId)) this.states.set(streamId, 'idle')
    this.#waiting.delete(streamId)
  }

  close(streamId: number | undefined): void {
    const state = streamId === undefined ? undefined : this.states.get(streamId)
    if (streamId === undefined || state === undefined || state === 'idle') return
    this.states.set(streamId, 'idle')
    this.#waiting.delete(streamId)
    this.events.push(`${state.startsWith('publish') ? 'unpublish' : 'stopPlay'} ${streamId}`)
  }

  closeMeant(streamId: number): void {
    this.close(this.#target(streamId))
  }

  remove(streamId: number): void {
    this.close(streamId)
    this.states.delete(streamId)
  }

  media(streamId: number): void {
    const target = this.#target(streamId)
    const state = target === undefined ? undefined : this.states.get(target)
    if (state === 'publishing') this.events.push(`media ${target}`)
    if (state === 'publishRequested') this.#waiting.set(target!, (this.#waiting.get(target!) ?? 0) + 1)
  }

  /** A single stream is meant by every number. */
  #target(streamId: number): number | undefined {
    if (this.states.has(streamId)) return streamId
    return this.states.size === 1 ? [...this.states.keys()][0] : undefined
  }
}

const steps = {
  createStream: (rig: ServerRig, model: Model): void => {
    rig.command('createStream', 1, null)
    model.createStream()
  },
  publish: (rig: ServerRig, model: Model, id: number): void => {
    rig.command('publish', 1, null, [`name${id}`, 'live'], id)
    model.request(id, 'publish')
  },
  play: (rig: ServerRig, model: Model, id: number): void => {
    rig.command('play', 1, null, ['name'], id)
    model.request(id, 'play')
  },
  acceptPublish: (rig: ServerRig, model: Model, id: number): void => {
    rig.session.acceptPublish(id)
    model.accept(id, 'publish')
  },
  acceptPlay: (rig: ServerRig, model: Model, id: number): void => {
    rig.session.acceptPlay(id)
    model.accept(id, 'play')
  },
  refuse: (rig: ServerRig, model: Model, id: number): void => {
    rig.session.refusePublish(id, 'NetStream.Publish.Denied', '')
    model.end(id)
  },
  closeStream: (rig: ServerRig, model: Model, id: number): void => {
    rig.command('closeStream', 0, null, [], id)
    model.closeMeant(id)
  },
  deleteStream: (rig: ServerRig, model: Model, id: number): void => {
    rig.command('deleteStream', 0, null, [id])
    model.remove(id)
  },
  media: (rig: ServerRig, model: Model, id: number): void => {
    rig.message(9, Uint8Array.of(1), 0, id)
    model.media(id)
  },
}

test('streams are opened, used and ended as the table says, in any order', () => {
  const step = fc.tuple(fc.constantFrom(...Object.values(steps)), fc.integer({ min: 0, max: 4 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (sequence) => {
      const rig = new ServerRig().connect()
      const model = new Model()
      model.createStream()
      for (const [act, id] of sequence) {
        rig.now += 100_000
        act(rig, model, id)
      }
      const events = rig.events().map((event) => ('streamId' in event ? `${event.type} ${event.streamId}` : event.type))
      expect(events).toEqual(model.events)
    }),
    { numRuns: 500 },
  )
})
