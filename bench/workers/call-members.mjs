// Members of one room who play everybody else: browsers by WebRTC, phones by HTTP-FLV. What they send is sent by others.
import { createHmac } from 'node:crypto'
import { get } from 'node:http'
import { FlvStreamReader } from '@crossroom/media'
import { NativeEngine, srtpOutboundForTest } from '@crossroom/native'
import { RoomPlayer } from '@crossroom/testkit'
import { RoomMember } from '../lib/room-member.mjs'
import { options, serve } from '../lib/worker.mjs'

const { port, browsers, phones } = options
const roomId = 'call'
const SCRIPT = 18
/** The payload type of all our offers. */
const OPUS = 111
const engine = new NativeEngine()
let seen = nothing()

const members = []
for (let i = 0; i < browsers; i++) members.push(await enter(`browser${i}`, playByWebRtc))
for (let i = 0; i < phones; i++) members.push(await enter(`phone${i}`, playByFlv))

serve({}, { play, take })

async function play() {
  for (const member of members) await member.begin(member)
}

/** What came since the last time. */
function take() {
  const before = seen
  seen = nothing()
  return before
}

function nothing() {
  return { pictures: 0, sounds: 0, tags: 0 }
}

/** A member, what it was told of the others, and what it does to play them. */
async function enter(userId, begin) {
  const socket = new RoomMember(port)
  const member = { socket, begin, userList: [], onOffer: () => undefined }
  socket.onNotification = ({ method, params }) => {
    if (method === 'room.userList') member.userList = params.userList
    if (method === 'media.offer') member.onOffer(params)
  }
  await socket.enter({ roomId, userId })
  return member
}

async function playByWebRtc(member) {
  const player = new RoomPlayer({
    hmacSha1: (key, data) => createHmac('sha1', key).update(data).digest(),
    dtls: engine.dtls,
    createInbound: (keys) => engine.srtp.createInbound(keys),
    createOutbound: srtpOutboundForTest,
    receive: 'packets',
    onPacket: (packet) => {
      const hasMarker = (packet[1] & 0x80) !== 0
      if ((packet[1] & 0x7f) === OPUS) seen.sounds++
      else if (hasMarker) seen.pictures++
    },
  })
  member.onOffer = ({ sdp, revision }) => {
    void member.socket.request('media.answer', { sdp: player.answer(sdp), revision })
  }
  await member.socket.request('media.subscribe', { streams: 'all' })
}

function playByFlv({ userList }) {
  for (const { streams } of userList) playTags(streams[0].play.flv)
}

function playTags(url) {
  const reader = new FlvStreamReader()
  get(url, (response) => {
    response.on('data', (bytes) => {
      reader.handleInput(bytes)
      for (let tag = reader.pollTag(); tag !== undefined; tag = reader.pollTag())
        if (tag.type !== SCRIPT && tag.body[1] !== 0) seen.tags++
    })
  })
}
