import { Crossroom, type Support } from '@crossroom/client'
import { signal } from '@preact/signals'
import { render, type VNode } from 'preact'
import '../design/base.css'
import { startTheme } from '../design/theme.js'
import { redeemTicket, type AppCall } from '../desktop-start/app-link.js'
import { DesktopStart } from '../desktop-start/desktop-start.js'
import { say, startLanguage } from '../language/say.js'
import { NoticeList } from '../parts/banner.js'
import { WeChatGate } from '../parts/wechat-gate.js'
import { readInvited, type Invited } from '../room/credentials.js'
import { markOfTab, remember, remembered, roomIdOf, userIdOf } from '../room/identity.js'
import { leaveWithPage } from '../room/page-life.js'
import { RoomModel } from '../room/room-model.js'
import { CallRoom } from './call-room.js'
import { Enter } from './enter.js'
import { Goodbye } from './goodbye.js'

/** `/` and `/call?room=ID`: from the way in to the way out. */
function CallPage({ model, support, invited }: { model: RoomModel; support: Support; invited: Invited }): VNode {
  const phase = model.phase.value
  return (
    <>
      {page()}
      <NoticeList notices={model.notices} />
    </>
  )

  function page(): VNode {
    if (phase.kind === 'inside') return <CallRoom model={model} support={support} />
    if (phase.kind === 'left') return <Goodbye onBack={comeBack} />
    if (phase.kind === 'out') return <Goodbye reason={phase.reason} message={phase.message} onBack={comeBack} />
    if (isGated.value) return <WeChatGate roomId={invited.roomId} onStay={() => (isGated.value = false)} />
    const call = appCall.value
    if (call !== undefined && invited.app !== undefined)
      return <DesktopStart call={call} scheme={invited.app} onBrowser={() => (appCall.value = undefined)} />
    return <Enter model={model} support={support} invited={invited} onEnter={enter} />
  }

  function comeBack(): void {
    model.phase.value = { kind: 'outside' }
  }
}

const support = Crossroom.isSupported()
const isGated = signal(support.inAppBrowser === 'wechat' || support.inAppBrowser === 'wework')
const model = new RoomModel(Crossroom.create({ server: location.origin }), Crossroom)

startTheme()
startLanguage()
const invited = await withTicket(readInvited(location.search, location.hash))
const roomInLink = roomIdOf(invited.roomId ?? '')
const appCall = signal(invited.app === undefined || roomInLink === undefined ? undefined : callFor(roomInLink))
render(<CallPage model={model} support={support} invited={invited} />, document.body)
leaveWithPage(model.client)
if (invited.entersAtOnce && invited.name !== undefined && roomInLink !== undefined) enter(invited.name, roomInLink)

/** A ticket is taken out of the address before it is shown to the server: it must not stay in the history. */
async function withTicket(invited: Invited): Promise<Invited> {
  if (invited.ticket === undefined) return invited
  history.replaceState(null, '', `${location.pathname}${location.search}`)
  const entry = await redeemTicket(invited.ticket)
  if (entry === undefined) {
    model.notices.show(say('ticketGone'), true)
    return invited
  }
  const { name = invited.name, ...credentials } = entry
  return { ...invited, ...(name === undefined ? {} : { name, entersAtOnce: true }), credentials }
}

/** The same person in the app as in this tab. */
function callFor(roomId: string): AppCall {
  const name = invited.name ?? remembered().name
  const userId = invited.userId ?? userIdOf(name, markOfTab())
  return { roomId, userId, name, ...(invited.credentials === undefined ? {} : { credentials: invited.credentials }) }
}

/** The address becomes the room's own, so that a reload comes back to it. */
function enter(name: string, roomId: string): void {
  remember(name, roomId)
  history.replaceState(null, '', `/call?room=${encodeURIComponent(roomId)}${location.hash}`)
  document.title = say('titleOf', { place: roomId })
  const userId = invited.userId ?? userIdOf(name, markOfTab())
  const { credentials } = invited
  void model.enter({ roomId, userId, name, role: 'anchor', ...(credentials === undefined ? {} : { credentials }) })
}
