import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { say } from '../../i18n/say.js'
import { TopBar } from '../../ui/top-bar.js'
import { appLink, followAppLink, ticketFor, type AppCall, type AppScheme } from './app-link.js'
import './desktop-start.css'

/** `/call?room=ID&open=app`: tries the desktop app, and continues in the browser without a response. */
export function DesktopStart(props: { call: AppCall; scheme: AppScheme; onBrowser: () => void }): VNode {
  const { call, scheme, onBrowser } = props
  const [state, setState] = useState<'asking' | 'trying' | 'opened'>('asking')
  const open = async (): Promise<void> => {
    setState('trying')
    const link = appLink(scheme, location.origin, call, await ticketFor(call))
    if (await followAppLink(link)) setState('opened')
    else onBrowser()
  }
  return (
    <>
      <TopBar place={say('call')} />
      <main class="desktop-start">
        <h1>{say('openInAppTitle', { place: call.roomId })}</h1>
        <p role="status">{say(state === 'opened' ? 'openInAppDone' : 'openInAppLead')}</p>
        <div class="desktop-start-actions">
          <button type="button" class="primary" disabled={state === 'trying'} onClick={() => void open()}>
            {say(state === 'opened' ? 'openInAppAgain' : 'openInApp')}
          </button>
          <button type="button" onClick={onBrowser}>
            {say('openInBrowser')}
          </button>
        </div>
      </main>
    </>
  )
}
