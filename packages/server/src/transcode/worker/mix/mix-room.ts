import type { AudioConfig, MediaFrame, Micros } from '@crossroom/media'
import { OUTPUT_RATE, type AudioCodecs } from '../audio-codecs.js'
import type { Emit, Fail } from '../converter.js'
import { MixEncoder } from './mix-encoder.js'
import { MIX_FRAME, MIX_HISTORY } from './mix-format.js'
import { MixInput } from './mix-input.js'
import { MixLimiter } from './mix-limiter.js'

/** Voices heard at the same time, the loudest; more are not intelligible. */
const MAX_VOICES = 8
/** A voice replaces an audible one when it is twice as loud. */
const HEARD_BONUS = 2

/** One mix: whose voices, and where it goes. */
export interface MixOutput {
  inputs: ReadonlySet<number>
  readonly emit: Emit
  readonly fail: Fail
}

interface Listener {
  readonly id: number
  readonly output: MixOutput
  group: Group | undefined
  /** The room's position of the newest coded frame that it was given. */
  position: number
}

/** Everybody who hears the same voices, and the one encoder for them. */
interface Group {
  readonly encoder: MixEncoder
  voices: readonly MixInput[]
  /** Voices that are heard in the room, and not by these. */
  others: readonly MixInput[]
  listeners: Listener[]
}

/**
 * The mixes of one room. Every source is decoded once, and listeners of the same voices share an encoder, so that the
 * work grows with the speaking voices and not with the listeners. When a member starts or stops speaking, listeners
 * move to another encoder: it first gets the last frames, which are the same in both, so the change is inaudible.
 */
export class MixRoom {
  readonly #codecs: AudioCodecs
  readonly #inputs = new Map<number, MixInput>()
  readonly #listeners = new Map<MixOutput, Listener>()
  readonly #limiter = new MixLimiter()
  #groups = new Map<string, Group>()
  #voices: MixInput[] = []
  /** The room's count of samples; the history of the first frames lies before it. */
  #position = (MIX_HISTORY + 1) * MIX_FRAME
  /** All encoders write the same; a player must not be told of a new config when its encoder changes. */
  #config: AudioConfig | undefined
  /** The loudest voice, for as long as it is heard. */
  #leader: MixInput | undefined
  /** Arrival of the leader's newest audio; 0 without a leader in step with the mixes. */
  #ledAt: Micros = 0
  #isStale = true
  #lastListener = 0

  /** `codecs`: for its encoders. */
  constructor(codecs: AudioCodecs) {
    this.#codecs = codecs
  }

  get isEmpty(): boolean {
    return this.#inputs.size === 0 && this.#listeners.size === 0
  }

  addInput(id: number, codecs: AudioCodecs): MixInput {
    this.removeInput(id)
    const input = new MixInput(codecs)
    this.#inputs.set(id, input)
    return input
  }

  removeInput(id: number): void {
    this.#inputs.get(id)?.close()
    this.#inputs.delete(id)
    this.#isStale = true
  }

  addOutput(output: MixOutput): void {
    this.#lastListener += 1
    const position = this.#position - MIX_FRAME
    this.#listeners.set(output, { id: this.#lastListener, output, group: undefined, position })
    this.#isStale = true
  }

  removeOutput(output: MixOutput): void {
    this.#listeners.delete(output)
    this.#isStale = true
  }

  /** `inputs` of an output is another. */
  handleChange(): void {
    this.#isStale = true
  }

  /** Mixes the next frame if there are listeners; `now` is on the clock of `receivedAt`. */
  tick(now: Micros): void {
    if (this.#listeners.size === 0) return
    for (const input of this.#inputs.values()) input.advance(now)
    this.#decide()
    this.#follow()
    this.#limiter.process(this.#voices)
    if (this.#isStale) this.#regroup()
    const { sum } = this.#limiter
    for (const { listeners, encoder, voices, others } of this.#groups.values()) {
      this.#try(listeners, () => encoder.encode(voices, others, sum))
    }
    this.#position += MIX_FRAME
  }

  /** Its encoders do not work: ends every mix. */
  fail(reason: string): void {
    this.#failAll([...this.#listeners.values()], reason)
  }

  close(): void {
    for (const input of this.#inputs.values()) input.close()
    for (const group of this.#groups.values()) group.encoder.close()
    this.#inputs.clear()
    this.#listeners.clear()
    this.#groups.clear()
  }

  /** The audible members of this frame. */
  #decide(): void {
    const speaking = [...this.#inputs.values()].filter((input) => input.isSpeaking)
    const heard = speaking.length <= MAX_VOICES ? speaking : loudest(speaking)
    for (const input of this.#inputs.values()) {
      const before = input.isHeard
      input.decide(heard.includes(input))
      if (input.isHeard !== before) this.#isStale = true
    }
    this.#voices = [...this.#inputs.values()].filter((input) => input.isHeard)
  }

  /** A mix is as late as the sound it waits for: the server moves the beat to where the leader's waits least. */
  #follow(): void {
    const [leader] = this.#voices
    if (leader === undefined) this.#leader = undefined
    else if (this.#leader?.isHeard !== true) this.#leader = loudest(this.#voices)[0]
    this.#ledAt = this.#leader?.inStepAt ?? 0
  }

  /** Gives every listener the group of the voices that are its. */
  #regroup(): void {
    this.#isStale = false
    const wanted = new Map<string, Listener[]>()
    for (const listener of this.#listeners.values()) {
      const key = this.#keyOf(listener)
      const present = wanted.get(key)
      if (present === undefined) wanted.set(key, [listener])
      else present.push(listener)
    }
    const before = this.#groups
    this.#groups = new Map()
    const free = new Set([...before].filter(([key]) => !wanted.has(key)).map(([, group]) => group))
    for (const [key, listeners] of wanted) {
      const voices = this.#voicesOf(listeners[0]!)
      // An encoder goes on with its listeners where it can: without a change of encoders there is nothing to join.
      const own = listeners.find(({ group }) => group !== undefined && free.has(group))?.group
      const group = before.get(key) ?? own ?? this.#open(listeners, voices)
      if (group === undefined) continue
      free.delete(group)
      group.voices = voices
      group.others = this.#voices.filter((voice) => !voices.includes(voice))
      group.listeners = listeners
      for (const listener of listeners) listener.group = group
      this.#groups.set(key, group)
    }
    for (const group of free) group.encoder.close()
  }

  #keyOf({ id: listener, output }: Listener): string {
    // A program behind a pipe cannot take over from another at a given frame.
    if (!this.#codecs.isImmediate) return `listener ${String(listener)}`
    let key = ''
    for (const [id, input] of this.#inputs) if (input.isHeard && output.inputs.has(id)) key += `${String(id)},`
    return key
  }

  #voicesOf({ output }: Listener): MixInput[] {
    const voices: MixInput[] = []
    for (const [id, input] of this.#inputs) if (input.isHeard && output.inputs.has(id)) voices.push(input)
    return voices
  }

  #open(listeners: Listener[], voices: readonly MixInput[]): Group | undefined {
    let group: Group | undefined
    this.#try(listeners, () => {
      const primed = this.#codecs.isImmediate ? voices : undefined
      const encoder = new MixEncoder(this.#codecs, this.#position, primed, (position, bytes) => {
        if (group !== undefined) this.#handOut(group, position, bytes)
      })
      this.#config ??= encoder.config
      group = { encoder, voices, others: [], listeners }
    })
    return group
  }

  #handOut(group: Group, position: number, bytes: Uint8Array): void {
    const pts = Math.round((position * 1e6) / OUTPUT_RATE)
    const frame: MediaFrame = {
      config: this.#config ?? group.encoder.config,
      pts,
      dts: pts,
      keyframe: true,
      units: [bytes],
      receivedAt: this.#ledAt,
      droppable: false,
    }
    for (const listener of group.listeners) {
      if (position <= listener.position) continue
      listener.position = position
      listener.output.emit(frame)
    }
  }

  /** An encoder that does not work ends the mixes that it would make, and no other. */
  #try(listeners: readonly Listener[], work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#failAll(listeners, error instanceof Error ? error.message : String(error))
    }
  }

  #failAll(listeners: readonly Listener[], reason: string): void {
    for (const { output } of [...listeners]) {
      this.removeOutput(output)
      output.fail(reason)
    }
  }
}

function loudest(speaking: readonly MixInput[]): readonly MixInput[] {
  const loudness = (input: MixInput) => input.level * (input.isHeard ? HEARD_BONUS : 1)
  return [...speaking].sort((one, other) => loudness(other) - loudness(one)).slice(0, MAX_VOICES)
}
