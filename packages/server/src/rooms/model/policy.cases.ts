import type { RequestMethod, Role } from '@crossroom/protocol'

/** Every message and who may send it: o owner, a anchor, v audience (viewers), d device; a dot is a refusal. */
export const policyCases: readonly (readonly [method: RequestMethod, who: string])[] = [
  ['room.enter', '....'],
  ['room.resume', '....'],
  ['room.ping', 'oav.'],
  ['room.renew', 'oav.'],
  ['room.info', 'oav.'],
  ['room.switchRole', 'oav.'],
  ['room.leave', 'oav.'],
  ['room.kick', 'o...'],
  ['room.mute', 'o...'],
  ['room.record', 'o...'],
  ['room.disband', 'o...'],
  ['room.invite', 'o...'],
  ['mic.request', '..v.'],
  ['mic.withdraw', 'oav.'],
  ['mic.answer', 'o...'],
  ['mic.remove', 'o...'],
  ['media.publish', 'oa..'],
  ['media.unpublish', 'oa..'],
  ['media.pushAddress', 'oa..'],
  ['media.state', 'oa..'],
  ['media.subscribe', 'oav.'],
  ['media.answer', 'oav.'],
  ['media.candidate', 'oav.'],
  ['media.restart', 'oav.'],
  ['media.mix', 'oav.'],
  ['media.report', 'oav.'],
  ['message.send', 'oav.'],
]

export const ROLES: readonly Role[] = ['owner', 'anchor', 'audience', 'device']
