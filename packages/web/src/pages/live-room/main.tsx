import { arrival } from '../room/arrived.js'
import { Crossroom } from '@crossroom/client'
import { render, type VNode } from 'preact'
import '../../ui/base.css'
import { startTheme } from '../../ui/theme.js'
import { say, startLanguage } from '../../i18n/say.js'
import { Banner, NoticeList } from '../../ui/banner.js'
import { TopBar } from '../../ui/top-bar.js'
import { markOfTab, remembered, roomIdOf } from '../room/identity.js'
import { leaveWithPage } from '../room/page-life.js'
import { LiveModel } from './live-model.js'
import { LiveRoom } from './live-room.js'

/** `/live?room=ID`: opens the room to watch, without a name and without a device. A link that says who comes waits for a click. */
startTheme()
startLanguage()
const { invited } = arrival
const roomId = roomIdOf(invited.roomId ?? '')
render(roomId === undefined ? <NoSuchRoom /> : liveRoom(roomId), document.body)

function liveRoom(id: string): VNode {
  const support = Crossroom.isSupported()
  const model = new LiveModel({
    client: Crossroom.create({ server: location.origin }),
    clientClass: Crossroom,
    roomId: id,
    invited,
    name: remembered().name,
    mark: markOfTab(),
    guestName: say('guest'),
  })
  document.title = say('titleOf', { place: id })
  leaveWithPage(model.room.client)
  if (invited.credentials === undefined && invited.invite === undefined) void model.watch()
  return (
    <>
      <LiveRoom model={model} support={support} />
      <NoticeList notices={model.room.notices} />
    </>
  )
}

function NoSuchRoom(): VNode {
  return (
    <>
      <TopBar place={say('liveRoom')} />
      <main>
        <h1 class="unseen">{say('liveRoom')}</h1>
        <Banner tone="bad">
          <p>{say('roomWrong')}</p>
        </Banner>
      </main>
    </>
  )
}
