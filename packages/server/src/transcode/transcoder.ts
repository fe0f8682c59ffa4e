import { isLegacySound } from '@crossroom/media'
import { transcodeLimits } from '../config/index.js'
import {
  type BridgeOf,
  CacheTotal,
  type Clock,
  type FrameSource,
  type PlayerNeeds,
  type SourceFor,
  type Stream,
  type StreamKey,
} from '../hub/index.js'
import type { Log } from '../observe/index.js'
import type { Lane, ProcessName, Recipe, RecipeName, TranscodeOptions } from './catalog.js'
import type { CodecProcessState } from './channel.js'
import { CodecProcess, type CodecProcessCounters, type SpawnChild } from './codec-process.js'
import { Conversion, type ConversionCounters, type ConversionState } from './conversion.js'
import { DerivedStream } from './derived-stream.js'
import type { TrackMode } from './derived-track.js'
import { SpareChild } from './spare-child.js'

export interface TranscoderOptions {
  readonly clock: Clock
  readonly log: Log
  /** Starts codec processes: `childSpawner`. */
  readonly spawn: SpawnChild
  readonly transcode?: TranscodeOptions
  /** Default true: a second process for sound stands by, for starting one takes longer than a gap should be. */
  readonly spare?: boolean
}

/** Fitting video is re-encoded in its own codec; audio comes from the stream itself. */
const BRIDGES = { h264: bridgeTo('h264'), vp8: bridgeTo('vp8') } as const

function bridgeTo(codec: 'h264' | 'vp8'): PlayerNeeds {
  return { name: `bridge-${codec}`, audio: [], video: [codec], reordered: true, isMadeAnew: true }
}

/** One codec process, for lists and metrics. */
export interface LaneStatus extends Readonly<CodecProcessCounters> {
  readonly lane: ProcessName
  readonly state: CodecProcessState
  readonly engine?: string
  /** Why engines are missing. */
  readonly reasons: readonly string[]
  readonly conversions: number
}

/** One conversion, for lists and metrics. */
export interface ConversionStatus extends Readonly<ConversionCounters> {
  readonly stream: string
  readonly conversion: RecipeName
  readonly state: ConversionState
  readonly lagMs: number
}

/** One stream as one kind of viewer gets it. */
export interface DerivedStatus {
  readonly stream: StreamKey
  readonly needs: string
  readonly viewers: number
  readonly video: TrackMode
  readonly audio: TrackMode
  readonly bFramesLeftOut: number
}

/** The API's view of a stream: its tracks as each kind of viewer gets them. */
export function derivedInfo(transcoder: Transcoder, key: StreamKey): ApiDerived[] {
  return transcoder.derivedStreams
    .filter(({ stream }) => stream.equals(key))
    .map(({ needs, video, audio, bFramesLeftOut }) => ({ for: needs, video, audio, framesLeftOut: bFramesLeftOut }))
}

interface ApiDerived {
  readonly for: string
  readonly video: TrackMode
  readonly audio: TrackMode
  readonly framesLeftOut: number
}

/** Makes streams fit for their viewers. Conversions begin with the first viewer that needs them. */
export class Transcoder {
  readonly #options: TranscoderOptions
  readonly #lanes: Readonly<Record<Lane, CodecProcess>>
  readonly #spare: SpareChild | undefined
  readonly #cached = new CacheTotal()
  readonly #conversions = new Map<FrameSource, Map<RecipeName, Conversion>>()
  readonly #derived = new Map<FrameSource, Map<string, DerivedStream>>()

  constructor(options: TranscoderOptions) {
    this.#options = options
    const { clock, log, spawn } = options
    const { audioHeartbeats, videoHeartbeats } = transcodeLimits
    this.#spare = options.spare === false ? undefined : new SpareChild(spawn, clock)
    const spawnForSound = this.#spare?.spawn ?? spawn
    const onState = (state: CodecProcessState): void => {
      if (state === 'off' && this.#lanes.audio.engine === undefined) this.#spare?.close()
    }
    this.#lanes = {
      audio: new CodecProcess({
        lane: 'audio',
        clock,
        log,
        spawn: spawnForSound,
        heartbeats: audioHeartbeats,
        onState,
      }),
      video: new CodecProcess({ lane: 'video', clock, log, spawn, heartbeats: videoHeartbeats }),
    }
  }

  /** Starts the codec processes, so that the first viewer does not wait for them. */
  start(): void {
    this.#lanes.audio.start()
    this.#lanes.video.start()
  }

  /** Ends the codec processes; conversions stop. Idempotent. */
  close(): void {
    this.#spare?.close()
    this.#lanes.audio.close()
    this.#lanes.video.close()
  }

  /**
   * The stream as players with these needs can take it; the same object for all of them. Conversions start when it
   * gets a subscriber, or its tracks are requested.
   */
  derive(source: FrameSource, needs: PlayerNeeds): DerivedStream {
    const { clock, log } = this.#options
    return entryOf(this.#derived, source, needs.name, (onIdle) => {
      const acquire = (recipe: Recipe) => this.#acquire(source, recipe)
      return new DerivedStream({ source, needs, clock, log, cached: this.#cached, acquire, onIdle })
    })
  }

  /** See `SourceFor`. */
  readonly sourceFor: SourceFor = (stream, needs) => {
    if (needs.ofFlv === undefined || !cameAsFlv(stream)) return this.derive(stream, needs)
    const { audio } = stream.tracks
    // While no sound has come, it may turn out to be that of an old camera.
    return audio === undefined || isLegacySound(audio.codec) ? this.derive(stream, needs.ofFlv) : stream
  }

  /** See `BridgeOf`. Pictures that are converted anyway have keyframes when they are asked for. */
  readonly bridge: BridgeOf = (stream) => {
    const isDerived = stream instanceof DerivedStream
    if (isDerived && (stream.modes.video === 'convert' || stream.needs.isMadeAnew || stream.needs.isInSlices))
      return undefined
    const source = isDerived ? stream.source : stream
    const codec = source.tracks.video?.codec
    const needs = codec === 'h264' || codec === 'vp8' ? BRIDGES[codec] : undefined
    if (needs === undefined || source.cachedFrames.length === 0) return undefined
    const isRunning = this.#derived.get(source)?.has(needs.name) === true
    return isRunning || this.#hasRoom('video') ? this.derive(source, needs) : undefined
  }

  /** The process of a lane, for who needs more of it than conversions. */
  process(lane: Lane): CodecProcess {
    return this.#lanes[lane]
  }

  get lanes(): LaneStatus[] {
    return Object.values(this.#lanes).map((process) => ({
      lane: process.lane,
      state: process.state,
      ...(process.engine === undefined ? {} : { engine: process.engine }),
      reasons: process.reasons,
      conversions: process.conversions,
      ...process.counters,
    }))
  }

  get conversions(): ConversionStatus[] {
    return [...this.#conversions.values()].flatMap((recipes) =>
      [...recipes.values()].map((conversion) => ({
        stream: conversion.source.key.label,
        conversion: conversion.recipe.name,
        state: conversion.state,
        lagMs: conversion.lag / 1000,
        ...conversion.counters,
      })),
    )
  }

  get derivedStreams(): DerivedStatus[] {
    return [...this.#derived.values()].flatMap((byNeeds) =>
      [...byNeeds.values()].map((stream) => ({
        stream: stream.key,
        needs: stream.needs.name,
        viewers: stream.subscribers,
        ...stream.modes,
        bFramesLeftOut: stream.bFramesLeftOut,
      })),
    )
  }

  #hasRoom(lane: Lane): boolean {
    const { audioConversions, videoConversions } = transcodeLimits
    const { state, conversions } = this.#lanes[lane]
    return state !== 'off' && conversions < (lane === 'audio' ? audioConversions : videoConversions)
  }

  #acquire(source: FrameSource, recipe: Recipe): Conversion | undefined {
    const process = this.#lanes[recipe.lane]
    const present = this.#conversions.get(source)?.get(recipe.name)
    if (present !== undefined) return present
    if (process.state === 'off' && process.engine === undefined) return undefined
    if (!this.#hasRoom(recipe.lane)) {
      this.#options.log.warn(
        { stream: source.key.label, conversion: recipe.name },
        'The limit of conversions is reached',
      )
      return undefined
    }
    const { clock, log, transcode = {} } = this.#options
    return entryOf(this.#conversions, source, recipe.name, (onIdle) => {
      return new Conversion({ source, recipe, process, transcode, clock, log, onIdle })
    })
  }
}

function cameAsFlv({ tracks }: Stream): boolean {
  return [tracks.video, tracks.audio].every((config) => config === undefined || config.flvSpelling !== undefined)
}

/** The entry of a map of maps; made when missing, gone when it says it is idle. */
function entryOf<Name, Entry>(
  all: Map<FrameSource, Map<Name, Entry>>,
  source: FrameSource,
  name: Name,
  make: (onIdle: () => void) => Entry,
): Entry {
  const entries = all.get(source) ?? new Map<Name, Entry>()
  const present = entries.get(name)
  if (present !== undefined) return present
  all.set(source, entries)
  const entry = make(() => {
    if (entries.get(name) !== entry) return
    entries.delete(name)
    if (entries.size === 0 && all.get(source) === entries) all.delete(source)
  })
  entries.set(name, entry)
  return entry
}
