import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { availableParallelism } from 'node:os'
import { entrySignaturesOf, type EntrySignatures } from '../auth/index.js'
import { CallDesk } from '../calls/index.js'
import { signalingLimits } from '../config/index.js'
import { AddressRates, originsOf, type AddressOptions, type Origins } from '../net/index.js'
import {
  LocalComposites,
  LocalDirectory,
  LocalOperations,
  ROOM_APPS,
  RoomGate,
  Rooms,
  tokenPath,
  type AddressBook,
  type CompositeOperations,
  type RoomMemberNews,
  type RoomOperations,
  type RoomRecorder,
} from '../rooms/index.js'
import { SignalingServer } from '../signaling/index.js'
import { childSpawner, Composer, fontFile, LevelMeter, Mixer } from '../transcode/index.js'
import type { ClusterPart } from './cluster.js'
import type { Core } from './core.js'
import type { Opened } from './opened.js'

/** Rooms, and every way into them. */
export class RoomsPart {
  readonly rooms: Rooms
  readonly operations: RoomOperations
  readonly directory: LocalDirectory
  readonly signatures: EntrySignatures
  readonly signaling: SignalingServer
  readonly calls: CallDesk
  readonly mixer: Mixer
  readonly composer: Composer
  readonly composites: CompositeOperations
  /** Told of everybody who enters or leaves a room on this node. */
  onMember: (news: RoomMemberNews) => void = () => undefined
  /** Undefined without a folder for recordings. */
  recorder: RoomRecorder | undefined

  /** Throws a sentence when a key of `--user-sig-public-key` cannot be read. */
  constructor(core: Core, opened: Opened, cluster?: ClusterPart) {
    const { clientAddress, clock, config, gate, hub, log, pages, pending, transcoder } = core
    const { audit, guard, secrets } = core
    const nowMs = Date.now
    const signatures = (this.signatures = entrySignaturesOf(config, secrets, {
      ...{ nowMs, guard, audit },
      usedTokens: cluster?.tokens,
    }))
    const newId = (): string => randomBytes(16).toString('base64url')
    const calls = (this.calls = new CallDesk({
      ...{ clock, nowMs, newId, log, whenBusy: config.callBusy },
      closeRoom: (roomId) => void this.operations.disband(roomId).catch(() => undefined),
    }))
    this.mixer = new Mixer({ hub, clock, log, process: transcoder.process('audio') })
    this.composer = new Composer({
      ...{ hub, clock, log, mixer: this.mixer, font: fontFile(config.font), cores: availableParallelism() },
      spawn: childSpawner({ log, engines: ['node-av'] }),
    })
    this.rooms = new Rooms({
      ...{
        clock,
        nowMs,
        hub,
        log,
        audit,
        letsGuestsIn: () => signatures.isOpen || secrets.secret[0] !== undefined,
        verifier: signatures,
        random: Math.random,
      },
      flvProtocols: opened.flvProtocols,
      cluster: cluster?.rooms.rooms,
      newId,
      onMember: (news) => this.onMember(news),
      recorder: () => this.recorder,
      mayEnter: (roomId, userId) => calls.mayEnter(roomId, userId),
      mediaGateway: opened.webRtc?.roomMedia(),
      mixer: this.mixer,
      composer: this.composer,
      soundMeter: new LevelMeter({ clock, log, process: transcoder.process('audio') }),
    })
    cluster?.rooms.open(this.rooms.places)
    this.operations = new LocalOperations(this.rooms)
    this.composites = new LocalComposites(this.rooms)
    const directory = (this.directory = new LocalDirectory(this.rooms))
    gate.route([...ROOM_APPS], new RoomGate({ rooms: directory, media: this.rooms, verifier: signatures }))
    const { entriesPerSecond: perSecond } = config
    const { entryAddresses: addresses } = signalingLimits
    this.signaling = new SignalingServer({
      ...{ clock, nowMs, log, audit, pending, clientAddress, rooms: directory, verifier: signatures, calls },
      entryRates: new AddressRates({ perSecond, burst: 2 * perSecond, addresses }),
      pages,
      iceServers: () => opened.webRtc?.iceServers() ?? [],
      addressesFor: (request) => addressBook(request, opened.addresses),
    })
  }

  /** Tells all members to reconnect to the next server; admits no new ones. Resolves when another node of a cluster has them. */
  async drain(): Promise<void> {
    await this.rooms.drain()
  }

  /** Idempotent. */
  close(): void {
    this.rooms.close()
    this.rooms.tokens.close()
    this.calls.close()
    this.signaling.close()
    this.composer.close()
  }
}

function addressBook(request: IncomingMessage, options: AddressOptions): AddressBook {
  const origins = originsOf(request, options)
  const { plainRtmp } = origins
  const bookOf = (at: Origins): AddressBook => ({
    page: at.http,
    play: (token) => options.play(at, tokenPath(token)),
    push: (token) => `${at.rtmp}/${tokenPath(token)}`,
  })
  return {
    ...bookOf(origins),
    plainRtmp: plainRtmp === undefined ? undefined : bookOf({ ...origins, rtmp: plainRtmp }),
  }
}
