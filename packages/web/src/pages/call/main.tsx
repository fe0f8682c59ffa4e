import { arrival } from '../room/arrived.js'
import { Crossroom, type Support } from '@crossroom/client'
import { signal } from '@preact/signals'
import { render, type VNode } from 'preact'
import '../../ui/base.css'
import { startTheme } from '../../ui/theme.js'
import { redeemTicket, type AppCall } from './app-link.js'
import { DesktopStart } from './desktop-start.js'
import { say, startLanguage } from '../../i18n/say.js'
import { NoticeList } from '../../ui/banner.js'
import { WeChatGate } from '../../ui/wechat-gate.js'
import { stateOf } from '../room/arrival.js'
import type { Invited } from '../room/credentials.js'
import { takeOwnInvitation } from '../room/guest.js'
import { markOfTab, NAME_CHARS, nameOfUserId, remember, remembered, roomIdOf, userIdOf } from '../room/identity.js'
import { askPageFacts } from '../room/page-facts.js'
import { leaveWithPage } from '../room/page-life.js'
import { RoomModel } from '../room/room-model.js'
import { CallRoom } from './call-room.js'
import { Enter, type Invitation } from './enter.js'
import { Goodbye } from './goodbye.js'

/** `/` and `/call?room=ID`: from the way in to the way out. */
function CallPage({ model, support }: { model: RoomModel; support: Support }): VNode {
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
    if (isGated.value)
      return <WeChatGate roomId={invited.roomId} link={arrival.link} onStay={() => (isGated.value = false)} />
    const call = appCall.value
    if (call !== undefined && invited.app !== undefined)
      return <DesktopStart call={call} scheme={invited.app} onBrowser={() => (appCall.value = undefined)} />
    return <Enter model={model} support={support} invited={invitationOf(invited)} onEnter={enter} />
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
askPageFacts()
let invited = await withTicket(arrival.invited)
const roomInLink = roomIdOf(invited.roomId ?? '')
const appCall = signal(invited.app === undefined || roomInLink === undefined ? undefined : callFor(roomInLink))
render(<CallPage model={model} support={support} />, document.body)
leaveWithPage(model.client)

/** A ticket is good once, so what it stands for takes its place for a reload. */
async function withTicket(invited: Invited): Promise<Invited> {
  if (invited.ticket === undefined) return invited
  const { ticket, ...others } = invited
  const entry = await redeemTicket(ticket)
  const { name = invited.name, ...credentials } = entry ?? {}
  if (entry === undefined) model.notices.show(say('ticketGone'), true)
  const known = { ...others, ...(name === undefined ? {} : { name }), ...(entry === undefined ? {} : { credentials }) }
  history.replaceState(stateOf(known), '')
  return known
}

/**
 * Whom the link, or the address since, invites. Signatures are somebody's own, so their owner is named by the id at least; a
 * guest's id names nobody.
 */
function invitationOf({ userId, name, credentials, invite, isGuest = invite !== undefined }: Invited): Invitation {
  const roomId = roomInLink ?? roomIdOf(new URLSearchParams(location.search).get('room') ?? '')
  const known = name ?? (userId === undefined || isGuest ? undefined : nameOfUserId(userId))
  return {
    ...(roomId === undefined ? {} : { roomId }),
    ...(known === undefined ? {} : { name: known.slice(0, NAME_CHARS) }),
    isPersonal: credentials !== undefined && !isGuest,
    isGuest,
  }
}

/** The same person in the app as in this tab. */
function callFor(roomId: string): AppCall {
  const name = invited.name ?? remembered().name
  const userId = invited.userId ?? userIdOf(name, markOfTab())
  return { roomId, userId, name, ...(invited.credentials === undefined ? {} : { credentials: invited.credentials }) }
}

/** The address becomes the room's own, so that a reload comes back to it. Called by a click only. */
function enter(name: string, roomId: string): void {
  remember(name, roomId)
  const query = new URLSearchParams({ room: roomId })
  history.replaceState(stateOf({ ...invited, roomId }), '', `/call?${query.toString()}`)
  document.title = say('titleOf', { place: roomId })
  void model.enter(async () => {
    invited = await takeOwnInvitation(invited, roomId)
    const { credentials, userId = userIdOf(name, markOfTab()), role = 'anchor' } = invited
    return { roomId, userId, name, role, ...(credentials === undefined ? {} : { credentials }) }
  })
  if (support.canPublish) void model.local.openOnce()
}
