import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { say } from '../language/say.js'
import { demoCredentials } from '../room/credentials.js'
import { newMark } from '../room/identity.js'
import { inviteTo, rtmpOriginOf, type Invite } from '../room/invite.js'
import type { RoomModel } from '../room/room-model.js'
import { CopyLine } from './copy-line.js'
import { Dialog } from './dialog.js'
import { QrCode } from './qr-code.js'
import './invite-dialog.css'

/** Every way in, to be copied or pointed a phone at. `to` is what the code leads to. */
export function InviteDialog(props: { model: RoomModel; to: 'call' | 'live'; onClose: () => void }): VNode {
  const { model, to, onClose } = props
  const [invite, setInvite] = useState<Invite>()
  const roomId = model.self.value?.roomId ?? ''
  useEffect(() => {
    void makeInvite(model, roomId).then(setInvite)
  }, [model, roomId])
  return (
    <Dialog title={say('invite')} onClose={onClose}>
      {invite === undefined ? null : (
        <div class="invite">
          <div class="invite-code">
            <QrCode value={invite[to]} label={say('inviteCode')} />
            <p class="hint">{say('inviteCodeHint')}</p>
          </div>
          <CopyLine label={say('inviteBrowser')} value={invite.call} />
          <CopyLine label={say('inviteLive')} value={invite.live} hint={say('inviteLiveHint')} />
          <CopyLine label={say('inviteRtmp')} value={invite.rtmp} hint={say('inviteRtmpHint')} />
          <CopyLine label={say('inviteMiniProgram')} value={invite.miniProgram} />
        </div>
      )}
    </Dialog>
  )
}

/** An encoder is somebody of its own in the room, so it gets an id and, where the server gives them, credentials. */
async function makeInvite(model: RoomModel, roomId: string): Promise<Invite> {
  const userId = `obs-${newMark()}`
  const credentials = await demoCredentials(userId, roomId)
  const known = model.users.value.flatMap(({ streams }) => streams).find(({ play }) => play.rtmp !== '')
  const rtmpOrigin = credentials.rtmp ?? rtmpOriginOf(known?.play.rtmp) ?? `rtmp://${location.hostname}`
  return inviteTo(roomId, { origin: location.origin, rtmpOrigin, device: { userId, ...credentials } })
}
