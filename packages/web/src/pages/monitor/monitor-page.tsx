import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { bitrateText, delayText } from '../../i18n/figures.js'
import { say, type Phrase } from '../../i18n/say.js'
import { Banner } from '../../ui/banner.js'
import { TopBar } from '../../ui/top-bar.js'
import type { MonitorModel } from './monitor-model.js'
import { WallTile } from './wall-tile.js'
import type { Wall } from './wall-streams.js'
import './monitor.css'

const HIDDEN: Readonly<Record<Extract<Wall, { kind: 'hidden' }>['why'], Phrase>> = {
  key: 'monitorKey',
  local: 'monitorLocal',
  elsewhere: 'monitorElsewhere',
  unreachable: 'monitorUnreachable',
}

/** `/monitor`: all streams at once, each with its measurements. */
export function MonitorPage({ model }: { model: MonitorModel }): VNode {
  const wall = model.wall.value
  const large = model.large.value
  const shown = large === undefined ? model.streams.value : model.streams.value.filter(({ key }) => key === large)
  return (
    <>
      <TopBar place={say('monitor')} />
      <main class="monitor">
        <h1 class="unseen">{say('monitor')}</h1>
        {wall?.kind === 'hidden' ? <Hidden model={model} why={wall.why} /> : <Totals model={model} />}
        {wall?.kind === 'streams' && wall.streams.length === 0 ? (
          <div class="monitor-empty">
            <p class="monitor-empty-main">{say('monitorEmpty')}</p>
            <p>{say('monitorEmptyHow')}</p>
          </div>
        ) : null}
        <div class="wall" data-large={large !== undefined}>
          {shown.map((stream) => (
            <WallTile key={stream.key} model={model} stream={stream} />
          ))}
        </div>
      </main>
    </>
  )
}

function Totals({ model }: { model: MonitorModel }): VNode {
  const { worstDelayMs, bytesPerSecond, dropped } = model.totals.value
  return (
    <>
      <dl class="totals">
        <Total phrase="streams" value={String(model.streams.value.length)} />
        <Total phrase="viewers" value={String(model.viewers.value)} />
        <Total phrase="worstDelay" value={delayText(worstDelayMs)} />
        <Total phrase="totalBitrate" value={bitrateText(bytesPerSecond)} />
        <Total phrase="totalDropped" value={String(dropped)} />
      </dl>
      <p class="hint">{say('measuredDelay')}</p>
    </>
  )
}

function Total({ phrase, value }: { phrase: Phrase; value: string }): VNode {
  return (
    <div>
      <dt>{say(phrase)}</dt>
      <dd>{value}</dd>
    </div>
  )
}

function Hidden({ model, why }: { model: MonitorModel; why: Extract<Wall, { kind: 'hidden' }>['why'] }): VNode {
  const [key, setKey] = useState('')
  return (
    <div class="monitor-hidden">
      <Banner {...(why === 'key' ? { tone: 'calm' } : {})}>
        <p>{say(HIDDEN[why])}</p>
      </Banner>
      {why !== 'key' ? null : (
        <form
          class="monitor-key"
          onSubmit={(event) => {
            event.preventDefault()
            void model.useKey(key)
          }}
        >
          <div class="field">
            <label for="monitor-key">{say('apiKey')}</label>
            <input
              id="monitor-key"
              type="password"
              autoComplete="off"
              value={key}
              onInput={(event) => setKey(event.currentTarget.value)}
            />
          </div>
          <button type="submit" class="primary" disabled={key === ''}>
            {say('show')}
          </button>
        </form>
      )}
    </div>
  )
}
