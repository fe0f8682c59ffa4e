import type { VNode } from 'preact'
import { say } from '../../i18n/say.js'
import { TopBar } from '../../ui/top-bar.js'
import type { LiveModel } from './live-model.js'
import { StreamList } from './stream-list.js'
import { Studio } from './studio.js'
import { Watch } from './watch.js'
import './live.css'

/** `/live`: one plain stream, the others beside it, and the way to publish one. */
export function LivePage({ model }: { model: LiveModel }): VNode {
  const onAir = model.studio.onAir
  const isPublishing = model.isPublishing.value
  return (
    <>
      <a class="skip" href="#player">
        {say('skipToPlayer')}
      </a>
      <TopBar place={<h1>{say('liveTitle')}</h1>}>
        {onAir === undefined || isPublishing ? null : (
          <a class="on-air" href="?publish=" onClick={(event) => model.follow(event)}>
            {say('onAirAs', { stream: onAir })}
          </a>
        )}
      </TopBar>
      <main class="columns">
        <Watch model={model} hidden={isPublishing} />
        <Studio model={model} hidden={!isPublishing} />
        <StreamList model={model} />
      </main>
    </>
  )
}
