import type { KickReason } from '@crossroom/client'
import type { VNode } from 'preact'
import { say, type Phrase } from '../../i18n/say.js'
import { TopBar } from '../../ui/top-bar.js'
import './goodbye.css'

const REASONS: Readonly<Record<KickReason, Phrase>> = {
  kicked: 'outKicked',
  replaced: 'outReplaced',
  disbanded: 'outDisbanded',
  expired: 'outExpired',
  refused: 'outRefused',
}

/** After a call: why it ended, and the way back. `reason` is absent for who left. */
export function Goodbye(props: { reason?: KickReason; message?: string; onBack: () => void }): VNode {
  const { reason, message, onBack } = props
  return (
    <>
      <TopBar place={say('call')} />
      <main class="goodbye">
        <h1>{say(reason === undefined ? 'leftTitle' : REASONS[reason])}</h1>
        {reason === 'refused' && message !== undefined ? <p>{message}</p> : null}
        <div class="goodbye-actions">
          {/* The focus was in the call, which is gone. */}
          <button type="button" class="primary" ref={(button) => button?.focus()} onClick={onBack}>
            {say('enterAgain')}
          </button>
          <a href="/">{say('otherRoom')}</a>
        </div>
      </main>
    </>
  )
}
