import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RequestedRole, TrackKind } from '@crossroom/protocol'
import { RoomError } from '../../packages/server/src/rooms/index.js'
import { check, Model, World } from './room-model.js'
import { MS, SECOND } from './stage.js'

/** One thing that somebody does. What the rules refuse changes nothing. */
class Act implements fc.Command<Model, World> {
  readonly #name: string
  readonly #act: (model: Model, world: World) => void

  constructor(name: string, act: (model: Model, world: World) => void) {
    this.#name = name
    this.#act = act
  }

  check(): boolean {
    return true
  }

  run(model: Model, world: World): void {
    this.#act(model, world)
    check(model, world)
  }

  toString(): string {
    return this.#name
  }
}

const user = fc.constantFrom('ann', 'bob', 'cyd')
const role = fc.constantFrom<RequestedRole>('anchor', 'audience')
const kind = fc.constantFrom<TrackKind>('audio', 'video')
const BAN_MS = 30_000

/** A request of somebody in the room: carried out when the rules allow it, else refused. */
function asked(world: World, by: string, isAllowed: boolean, ask: () => void, follow: () => void): void {
  if (world.roleOf(by) === undefined) return
  if (!isAllowed) expect(ask).toThrow(RoomError)
  else {
    ask()
    follow()
  }
}

const memberOf = (world: World, name: string) => world.people.get(name)!.entered.member

const entering = fc.tuple(user, role).map(
  ([name, as]) =>
    new Act(`${name} enters as ${as}`, (model, world) => {
      if (model.isBanned(name)) expect(() => world.enter(name, as)).toThrow('removed from this room')
      else {
        world.enter(name, as)
        model.enter(name, as)
      }
    }),
)

const leaving = user.map(
  (name) =>
    new Act(`${name} leaves`, (model, world) => {
      world.people.get(name)?.entered.member.leave()
      model.members.delete(name)
    }),
)

const losing = user.map(
  (name) =>
    new Act(`${name} loses the socket`, (model, world) => {
      const member = model.members.get(name)
      if (member === undefined) return
      memberOf(world, name).lost()
      member.lostAtMs ??= model.nowMs
    }),
)

const comingBack = user.map(
  (name) =>
    new Act(`${name} comes back`, (model, world) => {
      const member = model.members.get(name)
      if (member === undefined) return
      world.resume(name)
      member.lostAtMs = undefined
    }),
)

const kicking = fc.tuple(user, user, fc.constantFrom(0, BAN_MS)).map(
  ([by, of, banMs]) =>
    new Act(`${by} kicks ${of} for ${String(banMs)} ms`, (model, world) => {
      const isAllowed = world.isOwner(by) && by !== of && model.members.has(of)
      return asked(
        world,
        by,
        isAllowed,
        () => void memberOf(world, by).request('room.kick', { userId: of, banMs }),
        () => {
          model.members.delete(of)
          model.bannedUntilMs.set(of, model.nowMs + banMs)
        },
      )
    }),
)

const muting = fc.tuple(user, user, kind, fc.boolean()).map(
  ([by, of, track, muted]) =>
    new Act(`${by} ${muted ? 'mutes' : 'unmutes'} ${track} of ${of}`, (model, world) =>
      asked(
        world,
        by,
        world.isOwner(by) && model.members.has(of),
        () => void memberOf(world, by).request('room.mute', { userId: of, kind: track, muted }),
        () => {
          model.members.get(of)!.muted[track] = muted
        },
      ),
    ),
)

const switching = fc.tuple(user, role).map(
  ([name, to]) =>
    new Act(`${name} becomes ${to}`, (model, world) =>
      asked(
        world,
        name,
        true,
        () => memberOf(world, name).request('room.switchRole', { role: to }),
        () => model.become(name, to),
      ),
    ),
)

const asking = user.map(
  (name) =>
    new Act(`${name} asks for the microphone`, (model, world) =>
      asked(
        world,
        name,
        model.members.get(name)?.isAudience === true,
        () => memberOf(world, name).request('mic.request', {}),
        () => {
          model.members.get(name)!.isAsking = true
        },
      ),
    ),
)

const takingBack = user.map(
  (name) =>
    new Act(`${name} takes the request back`, (model, world) =>
      asked(
        world,
        name,
        true,
        () => memberOf(world, name).request('mic.withdraw', {}),
        () => {
          model.members.get(name)!.isAsking = false
        },
      ),
    ),
)

const answering = fc.tuple(user, user, fc.boolean()).map(
  ([by, of, accept]) =>
    new Act(`${by} ${accept ? 'accepts' : 'rejects'} ${of}`, (model, world) =>
      asked(
        world,
        by,
        world.isOwner(by) && model.members.get(of)?.isAsking === true,
        () => void memberOf(world, by).request('mic.answer', { userId: of, accept }),
        () => {
          model.members.get(of)!.isAsking = false
          if (accept) model.become(of, 'anchor')
        },
      ),
    ),
)

const removing = fc.tuple(user, user).map(
  ([by, of]) =>
    new Act(`${by} takes the microphone of ${of}`, (model, world) =>
      asked(
        world,
        by,
        world.isOwner(by) && world.roleOf(of) === 'anchor',
        () => void memberOf(world, by).request('mic.remove', { userId: of }),
        () => model.become(of, 'audience'),
      ),
    ),
)

const disbanding = user.map(
  (by) =>
    new Act(`${by} disbands the room`, (model, world) =>
      asked(
        world,
        by,
        world.isOwner(by),
        () => void memberOf(world, by).request('room.disband', {}),
        () => model.members.clear(),
      ),
    ),
)

const publishing = user.map(
  (name) =>
    new Act(`${name} publishes`, (model, world) => {
      if (model.members.get(name)?.isAudience === false) world.publish(name)
    }),
)

const waiting = fc.constantFrom(MS, 5 * SECOND, 55 * SECOND, 70 * SECOND).map(
  (micros) =>
    new Act(`${String(micros / SECOND)} s pass`, (model, world) => {
      world.stage.clock.advance(micros)
      model.pass(micros)
    }),
)

/** Often enough in the room that the rest of it happens. */
const commands = [
  ...[entering, entering, entering, kicking, muting, switching, publishing, waiting],
  ...[asking, asking, answering, answering, fc.oneof(takingBack, removing)],
  fc.oneof({ weight: 3, arbitrary: losing }, { weight: 3, arbitrary: comingBack }, leaving, disbanding),
]

test('whatever members do, a room follows its rules, all see the same state, and nothing leaks', () => {
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 60, size: 'max' }), (acts) => {
      const world = new World()
      fc.modelRun(() => ({ model: new Model(), real: world }), acts)
      for (const { entered } of world.people.values()) entered.member.leave()
      world.stage.clock.advance(200 * SECOND)
      expect(world.stage.rooms.counts).toEqual({ rooms: 0, participants: 0, devices: 0 })
      expect([world.stage.hub.size, world.stage.rooms.tokens.size, world.stage.clock.pending]).toEqual([0, 0, 0])
    }),
    { numRuns: 150 },
  )
}, 30_000)
