import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { say } from '../language/say.js'
import { demoCredentials } from '../room/credentials.js'
import { newMark } from '../room/identity.js'
import { inviteTo, rtmpOriginOf, type Invite } from '../room/invite.js'
import { fetchPageFacts } from '../room/page-facts.js'
import type { RoomModel } from '../room/room-model.js'
import { Banner } from './banner.js'
import { CopyLine } from './copy-line.js'
import { Dialog } from './dialog.js'
import { QrCode } from './qr-code.js'
import './invite-dialog.css'

/** Every way in, to be copied or pointed a phone at. `to` is what the code leads to. */
export function InviteDialog(props: { model: RoomModel; to: 'call' | 'live'; onClose: () => void }): VNode {
  const { model, to, onClose } = props
  const [made, setMade] = useState<Made>()
  const roomId = model.self.value?.roomId ?? ''
  useEffect(() => {
    void makeInvite(model, roomId).then(setMade)
  }, [model, roomId])
  return (
    <Dialog title={say('invite')} onClose={onClose}>
      {made === undefined ? null : (
        <div class="invite">
          {made.isReachable ? null : (
            <Banner>
              <p>{say('inviteNowhere')}</p>
            </Banner>
          )}
          {made.needsSignature ? (
            <Banner>
              <p>{say('inviteSigned')}</p>
            </Banner>
          ) : null}
          <div class="invite-code">
            <QrCode value={made.invite[to]} label={say('inviteCode')} />
            <p class="hint">{say('inviteCodeHint')}</p>
          </div>
          <CopyLine label={say('inviteBrowser')} value={made.invite.call} />
          <CopyLine label={say('inviteLive')} value={made.invite.live} hint={say('inviteLiveHint')} />
          <CopyLine label={say('inviteRtmp')} value={made.invite.rtmp} hint={say('inviteRtmpHint')} />
          <CopyLine label={say('inviteMiniProgram')} value={made.invite.miniProgram} />
        </div>
      )}
    </Dialog>
  )
}

interface Made {
  readonly invite: Invite
  /** False where the addresses lead to this machine from nowhere else. */
  readonly isReachable: boolean
  /** The server signs for nobody who asks: a guest needs credentials of their own. */
  readonly needsSignature: boolean
}

/** An encoder is somebody of its own in the room, so it gets an id and, where the server gives them, credentials. */
async function makeInvite(model: RoomModel, roomId: string): Promise<Made> {
  const userId = `obs-${newMark()}`
  const [credentials, facts] = await Promise.all([demoCredentials(userId, roomId), fetchPageFacts()])
  const known = model.users.value.flatMap(({ streams }) => streams).find(({ play }) => play.rtmp !== '')
  const own = credentials.rtmp ?? rtmpOriginOf(known?.play.rtmp) ?? `rtmp://${location.hostname}`
  const device = { userId, ...credentials }
  const invite = inviteTo(roomId, { origin: facts.origin ?? location.origin, rtmpOrigin: facts.rtmp ?? own, device })
  const needsSignature = model.isSigned && credentials.userSig === undefined
  return { invite, isReachable: facts.origin !== null, needsSignature }
}
