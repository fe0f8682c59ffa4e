import type { VNode } from 'preact'
import { say } from '../i18n/say.js'
import { miniProgramPage } from '../pages/room/invite.js'
import { CopyLine } from './copy-line.js'
import { TopBar } from './top-bar.js'
import './wechat-gate.css'

/**
 * `link` opened the page. WeChat's built-in browser is the worst place for a call: the Mini Program or a real browser
 * are better, watching works.
 */
export function WeChatGate(props: { roomId: string | undefined; link: string; onStay: () => void }): VNode {
  const { roomId, link, onStay } = props
  const room = encodeURIComponent(roomId ?? '')
  return (
    <>
      <TopBar place={say('call')} />
      <main class="wechat-gate">
        <h1>{say('weChatTitle')}</h1>
        <section>
          <h2>{say('weChatMiniProgram')}</h2>
          <p>{say('weChatMiniProgramHow')}</p>
          <CopyLine label={say('inviteMiniProgram')} value={miniProgramPage(roomId ?? '')} />
        </section>
        <section>
          <h2>{say('weChatBrowser')}</h2>
          <p>{say('weChatBrowserHow')}</p>
          <CopyLine label={say('inviteBrowser')} value={link} />
        </section>
        <section>
          <h2>{say('weChatWatch')}</h2>
          <p>{say('weChatWatchHow')}</p>
          <div class="wechat-stay">
            {roomId === undefined ? null : (
              <a class="as-button" href={`/live?room=${room}`}>
                {say('justWatch')}
              </a>
            )}
            <button type="button" onClick={onStay}>
              {say('tryHere')}
            </button>
          </div>
        </section>
      </main>
    </>
  )
}
