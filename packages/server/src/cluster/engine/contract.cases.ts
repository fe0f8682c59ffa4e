import { engineLimits } from '../../config/index.js'
import { EngineLostError, type ClusterEngine, type EngineChange } from './engine.js'

/** What a case may use: engines of different nodes over one store, with keys and subjects of its own. */
export interface ContractStage {
  /** Another node. Closed by the stage. */
  open(): Promise<ClusterEngine>
  /** Cuts this node off, and joins it again. Resolves when its `state` says so. */
  cut(engine: ClusterEngine): Promise<void>
  join(engine: ClusterEngine): Promise<void>
  /** Waits until it is so, as nodes do: by events and time. Rejects when it does not come. */
  until(isSo: () => boolean, what: string): Promise<void>
  /** A first word of keys and subjects that nobody else uses. */
  readonly word: string
}

export interface ContractCase {
  readonly name: string
  run(stage: ContractStage): Promise<void>
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value)

function is(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${what}: ${String(a)} instead of ${String(b)}`)
}

async function lost(promise: Promise<unknown>, what: string): Promise<void> {
  const started = performance.now()
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof EngineLostError)) throw new Error(`${what}: no EngineLostError but ${String(error)}`)
  if (performance.now() - started > engineLimits.requestMs + 1000) throw new Error(`${what}: it hung`)
}

/** The latest value of each key that a watch told. */
class Mirror {
  readonly values = new Map<string, string>()
  readonly revisions: number[] = []
  readonly listener = (change: EngineChange): void => {
    if (change.kind === 'put') {
      this.values.set(change.entry.key, text(change.entry.value) ?? '')
      this.revisions.push(change.entry.revision)
    } else if (!this.values.delete(change.key)) throw new Error(`A deletion of what was never told: ${change.key}`)
  }

  get(key: string): string | undefined {
    return this.values.get(key)
  }
}

export const engineContract: readonly ContractCase[] = [
  {
    name: 'messages of one sender arrive in order at every node, the sender included',
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const [atA, atB]: [string[], string[]] = [[], []]
      a.subscribe(`${stage.word}.x.>`, ({ payload }) => atA.push(text(payload) ?? ''))
      b.subscribe(`${stage.word}.x.*`, ({ payload }) => atB.push(text(payload) ?? ''))
      await Promise.all([a.flush(), b.flush()])
      await heard(stage, a, b)
      const sent = Array.from({ length: 100 }, (_, index) => String(index))
      for (const each of sent) a.publish(`${stage.word}.x.one`, bytes(each))
      await stage.until(() => atA.length >= 100 && atB.length >= 100, 'all messages')
      is(atA, sent, 'at the sender')
      is(atB, sent, 'at the other')
    },
  },
  {
    name: 'a subscription that ended hears nothing more, and patterns match whole words',
    run: async (stage) => {
      const engine = await stage.open()
      const heardWords: string[] = []
      const end = engine.subscribe(`${stage.word}.*`, ({ subject }) => heardWords.push(subject))
      engine.subscribe(`${stage.word}.>`, ({ subject }) => heardWords.push(`>${subject}`))
      await engine.flush()
      engine.publish(`${stage.word}.a.b`, bytes(''))
      engine.publish(`${stage.word}.a`, bytes(''))
      await stage.until(() => heardWords.length >= 3, 'three')
      end()
      engine.publish(`${stage.word}.c`, bytes(''))
      await stage.until(() => heardWords.length >= 4, 'four')
      is(
        heardWords.slice().sort(),
        [`${stage.word}.a`, ...['a', 'a.b', 'c'].map((end) => `>${stage.word}.${end}`)].sort(),
        'heard',
      )
    },
  },
  {
    name: 'a request gets the first answer; undefined when nobody listens, and when nobody answers in time',
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      b.subscribe(`${stage.word}.ask`, ({ payload, respond }) => respond?.(bytes(`${text(payload) ?? ''}!`)))
      b.subscribe(`${stage.word}.deaf`, () => undefined)
      await b.flush()
      await heard(stage, a, b)
      is(text(await a.request(`${stage.word}.ask`, bytes('well'), 1000)), 'well!', 'answer')
      is(await a.request(`${stage.word}.nobody`, bytes(''), 1000), undefined, 'nobody')
      is(await a.request(`${stage.word}.deaf`, bytes(''), 30), undefined, 'no answer')
    },
  },
  {
    name: 'a published message cannot be answered',
    run: async (stage) => {
      const engine = await stage.open()
      let answerable: boolean | undefined
      engine.subscribe(`${stage.word}.tell`, ({ respond }) => (answerable = respond !== undefined))
      await engine.flush()
      engine.publish(`${stage.word}.tell`, bytes(''))
      await stage.until(() => answerable !== undefined, 'the message')
      is(answerable, false, 'respond')
    },
  },
  {
    name: 'of many nodes that create a key one succeeds, and of many that update one revision as well, again and again',
    run: async (stage) => {
      const engines = [await stage.open(), await stage.open(), await stage.open()]
      const one = (revisions: (number | undefined)[], what: string): number => {
        const successes = revisions.filter((revision) => revision !== undefined)
        is(successes.length, 1, what)
        return successes[0] ?? 0
      }
      for (let round = 0; round < 8; round++) {
        const key = `${stage.word}.claim${String(round)}`
        const all = async (
          write: (engine: ClusterEngine, at: number) => Promise<number | undefined>,
        ): Promise<(number | undefined)[]> => await Promise.all(engines.map(write))
        const first = one(await all((engine, at) => engine.create(key, bytes(`made ${String(at)}`))), 'creators')
        const updated = await all((engine, at) => engine.update(key, bytes(`updated ${String(at)}`), first))
        const second = one(updated, 'updaters')
        is(second > first, true, 'a greater revision')
        const winner = updated.findIndex((revision) => revision !== undefined)
        is(text((await engines[0]!.get(key))?.value), `updated ${String(winner)}`, 'value')
        const deleted = await all(async (engine) => ((await engine.delete(key, second)) ? 1 : undefined))
        one(deleted, 'deleters')
        const conflicts = engines.reduce((sum, engine) => sum + engine.conflicts, 0)
        is(conflicts, 8 * round + 6, 'those that came second')
        one(await all((engine, at) => engine.create(key, bytes(String(at)))), 'creators of the deleted')
      }
    },
  },
  {
    name: 'a deleted key can be created again, its old revision updates and deletes nothing',
    run: async (stage) => {
      const engine = await stage.open()
      const key = `${stage.word}.again`
      const first = (await engine.create(key, bytes('1')))!
      is(await engine.delete(key, first + 1000), false, 'deletion at another revision')
      is(await engine.delete(key, first), true, 'deletion')
      is(await engine.get(key), undefined, 'deleted')
      is(await engine.update(key, bytes('2'), first), undefined, 'update of the deleted')
      const second = await engine.create(key, bytes('3'))
      is(second !== undefined && second > first, true, 'created again')
      is(await engine.delete(key, first), false, 'deletion at the old revision')
      is(text((await engine.get(key))?.value), '3', 'still there')
      is(await engine.delete(key), true, 'whatever is there')
      is(await engine.delete(key), true, 'deleting nothing')
    },
  },
  {
    name: 'every node reads what one has written, and lists exactly the keys under a prefix',
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const { word } = stage
      for (const name of ['doc.h.n1', 'doc.h.n2', 'doc.i.n1', 'docs']) await a.put(`${word}.${name}`, bytes(name))
      await a.put(`${word}.doc.h.n3`, bytes('gone'))
      await a.delete(`${word}.doc.h.n3`)
      const revision = await a.put(`${word}.doc.h.n2`, bytes('newer'))
      const listed = await b.list(`${word}.doc.h.*`)
      is(
        listed.map(({ key, value }) => [key, text(value)]).sort(),
        [
          [`${word}.doc.h.n1`, 'doc.h.n1'],
          [`${word}.doc.h.n2`, 'newer'],
        ],
        'listed',
      )
      is((await b.get(`${word}.doc.h.n2`))?.revision, revision, 'revision')
      is((await b.list(`${word}.doc.>`)).length, 3, 'all documents')
      is(await b.list(`${word}.none.>`), [], 'none')
    },
  },
  {
    name: 'a watch tells what is there, is ready, then tells changes and deletions of its prefix',
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const key = (name: string): string => `${stage.word}.w.${name}`
      await a.put(key('one'), bytes('1'))
      await a.put(key('two'), bytes('2'))
      await a.put(`${stage.word}.other`, bytes('other'))
      const mirror = new Mirror()
      let atReady: number | undefined
      const end = b.watch(`${stage.word}.w.>`, mirror.listener, () => (atReady = mirror.values.size))
      await stage.until(() => atReady !== undefined, 'ready')
      is(atReady, 2, 'told before ready')
      await a.put(key('three'), bytes('3'))
      await a.put(key('one'), bytes('11'))
      await a.delete(key('two'))
      await stage.until(() => mirror.get(key('one')) === '11' && !mirror.values.has(key('two')), 'changes')
      is([...mirror.values.keys()].sort(), [key('one'), key('three')], 'keys')
      is(
        mirror.revisions.every((revision, at, all) => at === 0 || revision > all[at - 1]!),
        true,
        'each revision once, in order',
      )
      end()
      await a.put(key('one'), bytes('12'))
      is(text((await b.get(key('one')))?.value), '12', 'written')
      is(mirror.get(key('one')), '11', 'told after the end')
    },
  },
  {
    name: 'a watch of nothing is ready too, and a rejected write is told to no watch',
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const mirror = new Mirror()
      let isReady = false
      b.watch(`${stage.word}.c.*`, mirror.listener, () => (isReady = true))
      await stage.until(() => isReady, 'ready')
      const key = `${stage.word}.c.one`
      const revision = (await a.create(key, bytes('right')))!
      is(await a.create(key, bytes('wrong')), undefined, 'taken')
      is(await a.update(key, bytes('wrong'), revision + 7), undefined, 'stale')
      await a.update(key, bytes('last'), revision)
      await stage.until(() => mirror.get(key) === 'last', 'the last')
      is(mirror.revisions.length, 2, 'writes that were told')
    },
  },
  {
    name: 'followers hear puts and deletions as they pass, and nothing of what was there',
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const key = `${stage.word}.doc.n1`
      await a.put(key, bytes('before'))
      const passed: unknown[] = []
      const end = b.follow(`${stage.word}.doc.*`, (pass) => passed.push([pass.key, text(pass.value)]))
      await b.flush()
      await heard(stage, a, b)
      await a.put(key, bytes('now'))
      await a.delete(key)
      await stage.until(() => passed.length >= 2, 'both')
      is(
        passed,
        [
          [key, 'now'],
          [key, null],
        ].map(([name, value]) => [name, value ?? undefined]),
        'passed',
      )
      end()
    },
  },
  {
    name: 'keys and subjects with other characters, and values beyond the limit, are faults of the caller',
    run: async (stage) => {
      const engine = await stage.open()
      const large = new Uint8Array(engineLimits.valueBytes + 1)
      const faults = [
        () => engine.put('live.camera 1', bytes('')),
        () => engine.create('a..b', bytes('')),
        () => engine.get(''),
        () => engine.put(`${stage.word}.large`, large),
        () => Promise.resolve().then(() => engine.publish(`${stage.word}.*`, bytes(''))),
        () => Promise.resolve().then(() => engine.publish(`${stage.word}.large`, large)),
      ]
      for (const [at, fault] of faults.entries()) {
        const error = await fault().catch((reason: unknown) => reason)
        is(error instanceof TypeError, true, `fault ${String(at)}`)
      }
      await engine.put(`${stage.word}.largest`, large.subarray(1))
    },
  },
  {
    name: 'a node that is cut off says so, fails at once, drops what it publishes, and says when it is back',
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const [states, heardByB]: [string[], string[]] = [[], []]
      a.onState((state) => states.push(`${state} ${String(a.isWritable)}`))
      b.subscribe(`${stage.word}.say`, ({ payload }) => heardByB.push(text(payload) ?? ''))
      await b.flush()
      await heard(stage, a, b)
      await stage.cut(a)
      is([a.state, a.isWritable], ['lost', false], 'state')
      a.publish(`${stage.word}.say`, bytes('into the void'))
      await lost(a.put(`${stage.word}.k`, bytes('')), 'put')
      await lost(a.create(`${stage.word}.k`, bytes('')), 'create')
      await lost(a.get(`${stage.word}.k`), 'get')
      await lost(a.list(`${stage.word}.>`), 'list')
      await lost(a.flush(), 'flush')
      await lost(a.request(`${stage.word}.say`, bytes(''), 1000), 'request')
      await stage.join(a)
      is(a.state, 'connected', 'state again')
      await heard(stage, a, b)
      a.publish(`${stage.word}.say`, bytes('again'))
      await stage.until(() => heardByB.includes('again'), 'the message after')
      is(heardByB.includes('into the void'), false, 'what was published while lost')
      is([states[0], states.at(-1)], ['lost false', 'connected true'], 'states told')
    },
  },
  {
    name: 'a watch tells after a loss what changed and was deleted meanwhile, and what did not change not again',
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      const key = (name: string): string => `${stage.word}.l.${name}`
      for (const name of ['same', 'changed', 'deleted']) await b.put(key(name), bytes('old'))
      const mirror = new Mirror()
      let isReady = false
      a.watch(`${stage.word}.l.*`, mirror.listener, () => (isReady = true))
      await stage.until(() => isReady, 'ready')
      const late = new Mirror()
      let isLateReady = false
      await stage.cut(a)
      a.watch(`${stage.word}.l.*`, late.listener, () => (isLateReady = true))
      await b.put(key('changed'), bytes('new'))
      await b.put(key('made'), bytes('new'))
      await b.delete(key('deleted'))
      is(isLateReady, false, 'ready while lost')
      await stage.join(a)
      const expected = [key('changed'), key('made'), key('same')]
      for (const each of [mirror, late])
        await stage.until(() => JSON.stringify([...each.values.keys()].sort()) === JSON.stringify(expected), 'keys')
      await stage.until(() => isLateReady, 'ready after the loss')
      is(mirror.get(key('changed')), 'new', 'changed')
      is(mirror.revisions.length, 5, 'puts that were told')
      await b.put(key('same'), bytes('after'))
      await stage.until(() => mirror.get(key('same')) === 'after', 'a change after the loss')
    },
  },
  {
    name: 'a closed engine tells nothing, writes nothing, and what it waits for rejects',
    run: async (stage) => {
      const [a, b] = [await stage.open(), await stage.open()]
      let isTold = false
      a.subscribe(`${stage.word}.z`, () => (isTold = true))
      a.watch(`${stage.word}.z`, () => (isTold = true))
      await a.flush()
      await a.close()
      await a.close()
      await lost(a.put(`${stage.word}.z`, bytes('')), 'put')
      b.publish(`${stage.word}.z`, bytes(''))
      await b.put(`${stage.word}.z`, bytes(''))
      await b.flush()
      is(isTold, false, 'told')
    },
  },
]

/** Two nodes hear each other: between servers of one engine subscriptions take a moment. */
async function heard(stage: ContractStage, a: ClusterEngine, b: ClusterEngine): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    let isHeard = false
    const end = to.subscribe(`${stage.word}.heard`, () => (isHeard = true))
    await to.flush()
    await stage.until(() => {
      if (!isHeard) from.publish(`${stage.word}.heard`, bytes(''))
      return isHeard
    }, 'the other node')
    end()
  }
}
