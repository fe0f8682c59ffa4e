import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { say } from '../i18n/say.js'
import { demoCredentials, readInvited } from '../pages/room/credentials.js'
import { sentenceOf } from '../pages/room/failure.js'
import { takeInvitation } from '../pages/room/guest.js'
import { newMark } from '../pages/room/identity.js'
import { inviteTo, rtmpOriginOf, type Invite } from '../pages/room/invite.js'
import { fetchPageFacts } from '../pages/room/page-facts.js'
import type { RoomModel } from '../pages/room/room-model.js'
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
              <p>{withOptions(say('inviteNowhere'))}</p>
            </Banner>
          )}
          {made.needsSignature ? <GuestLinks model={model} made={made} /> : <OpenLinks invite={made.invite} to={to} />}
        </div>
      )}
    </Dialog>
  )
}

/** Options of the command stay on one line each. */
function withOptions(sentence: string): ComponentChildren {
  return sentence.split(/(--[a-z-]+)/).map((part, index) => (index % 2 === 0 ? part : <code key={index}>{part}</code>))
}

function OpenLinks({ invite, to }: { invite: Invite; to: 'call' | 'live' }): VNode {
  return (
    <>
      <Code value={invite[to]} />
      <CopyLine label={say('inviteBrowser')} value={invite.call} />
      <CopyLine label={say('inviteLive')} value={invite.live} hint={say('inviteLiveHint')} />
      <CopyLine label={say('inviteRtmp')} value={invite.rtmp} hint={say('inviteRtmpHint')} />
      <CopyLine label={say('inviteMiniProgram')} value={invite.miniProgram} />
    </>
  )
}

function Code({ value }: { value: string }): VNode {
  return (
    <div class="invite-code">
      <QrCode value={value} label={say('inviteCode')} />
      <p class="hint">{say('inviteCodeHint')}</p>
    </div>
  )
}

/** Without signatures for guests, the owner creates each invitation with a click. */
function GuestLinks({ model, made }: { model: RoomModel; made: Made }): VNode {
  const [link, setLink] = useState<{ readonly kind: GuestLink; readonly value: string }>()
  if (!model.isOwner.value)
    return (
      <Banner tone="calm">
        <p>{say('inviteByOwner')}</p>
      </Banner>
    )
  const make = (kind: GuestLink) => (): void => {
    void guestLink(model, made, kind)
      .then((value) => setLink({ kind, value }))
      .catch((error: unknown) => model.notices.show(sentenceOf(error), true))
  }
  return (
    <>
      <p>{say('inviteGuests')}</p>
      <div class="invite-make">
        {GUEST_LINKS.map((kind) => (
          <button type="button" key={kind} aria-pressed={link?.kind === kind} onClick={make(kind)}>
            {say(WORDS[kind].label)}
          </button>
        ))}
      </div>
      {link === undefined ? null : (
        <>
          {link.kind === 'push' ? null : <Code value={link.value} />}
          <CopyLine label={say(WORDS[link.kind].label)} value={link.value} hint={say(WORDS[link.kind].hint)} />
        </>
      )}
    </>
  )
}

type GuestLink = (typeof GUEST_LINKS)[number]
const GUEST_LINKS = ['join', 'watch', 'push'] as const
const WORDS = {
  join: { label: 'guestJoin', hint: 'guestJoinHint' },
  watch: { label: 'guestWatch', hint: 'guestWatchHint' },
  push: { label: 'guestPush', hint: 'guestPushHint' },
} as const
/** What the hints say. */
const JOINING = { role: 'anchor', uses: 10, expireMs: 3_600_000 } as const
const WATCHING = { role: 'audience', uses: 50, expireMs: 3_600_000 } as const

/** An encoder cannot take an invitation, so this page takes one for it. */
async function guestLink(model: RoomModel, { invite, origin, roomId }: Made, kind: GuestLink): Promise<string> {
  if (kind !== 'push') {
    const { link } = await model.client.createInvite(kind === 'join' ? JOINING : WATCHING)
    const { pathname, search, hash } = new URL(link)
    return origin + pathname + search + hash
  }
  const { hash } = new URL((await model.client.createInvite()).link)
  const { userId = '', credentials } = await takeInvitation(readInvited('', hash), roomId)
  const rtmpOrigin = rtmpOriginOf(invite.rtmp) ?? ''
  return inviteTo(roomId, { origin, rtmpOrigin, device: { userId, ...credentials } }).rtmp
}

interface Made {
  readonly roomId: string
  readonly origin: string
  readonly invite: Invite
  /** False where the addresses lead to this machine from nowhere else. */
  readonly isReachable: boolean
  /** The server signs only for known users: a guest needs separate credentials. */
  readonly needsSignature: boolean
}

/** An encoder is a separate participant, so it gets an id and, if the server issues them, credentials. */
async function makeInvite(model: RoomModel, roomId: string): Promise<Made> {
  const userId = `obs-${newMark()}`
  const [credentials, facts] = await Promise.all([demoCredentials(userId, roomId), fetchPageFacts()])
  const known = model.users.value.flatMap(({ streams }) => streams).find(({ play }) => play.rtmp !== '')
  const own = credentials.rtmp ?? rtmpOriginOf(known?.play.rtmp) ?? `rtmp://${location.hostname}`
  const device = { userId, ...credentials }
  const origin = facts.origin ?? location.origin
  const invite = inviteTo(roomId, { origin, rtmpOrigin: facts.rtmp ?? own, device })
  const needsSignature = model.isSigned && credentials.userSig === undefined
  return { roomId, origin, invite, isReachable: facts.origin !== null, needsSignature }
}
