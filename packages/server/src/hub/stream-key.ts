/** Whose stream it is, for streams of rooms: what people are told instead of the key. */
export interface RoomStreamName {
  readonly roomId: string
  /** Absent for a composite, and for a mix that several share. */
  readonly userId?: string
  readonly streamType: 'main' | 'aux' | 'small' | 'mix' | 'composite'
}

/** `small`: the lower simulcast layer of a stream, its picture alone with the same sound. */
export type StreamLayerName = 'best' | 'small'

const TEXT = /^(plain|room):(best|small):([^]*)$/

/**
 * The name of a stream in the hub. The key of a room's stream is random and never leaves the server: people see its
 * `label`, players get their own addresses. No other code composes or parses keys.
 */
export class StreamKey {
  readonly space: 'plain' | 'room'
  /** `APP/STREAM`; in a room, random and without meaning. */
  readonly name: string
  readonly layer: StreamLayerName
  /** Of a room's stream, where it is known. No part of the key. */
  readonly of: RoomStreamName | undefined
  /** Equal for equal keys, and for these only: what maps are indexed by. It is not for people. */
  readonly text: string

  private constructor(space: 'plain' | 'room', name: string, layer: StreamLayerName, of?: RoomStreamName) {
    this.space = space
    this.name = name
    this.layer = layer
    this.of = of
    // The name comes last, so that nothing in it can be taken for the space or the layer.
    this.text = `${space}:${layer}:${name}`
  }

  /** Of `APP/STREAM`. */
  static plain(name: string): StreamKey {
    return new StreamKey('plain', name, 'best')
  }

  /** Of a stream of a room. `name`: unique and not to be guessed. */
  static room(name: string, of?: RoomStreamName): StreamKey {
    return new StreamKey('room', name, 'best', of)
  }

  /** The inverse of `text`; undefined where it is no key. */
  static read(text: string): StreamKey | undefined {
    const [, space, layer, name] = TEXT.exec(text) ?? []
    if (space === undefined || layer === undefined || name === undefined) return undefined
    return new StreamKey(space as StreamKey['space'], name, layer as StreamLayerName)
  }

  /** The key of the lower simulcast layer beside this stream. */
  get small(): StreamKey {
    const of: RoomStreamName | undefined = this.of && { ...this.of, streamType: 'small' }
    return new StreamKey(this.space, this.name, 'small', of)
  }

  /** What logs, metrics and lists call the stream: `APP/STREAM`, `ROOM/USER/main`. */
  get label(): string {
    if (this.space === 'plain') return this.layer === 'best' ? this.name : `${this.name}/${this.layer}`
    if (this.of === undefined) return 'a stream of a room'
    const { roomId, userId, streamType } = this.of
    return [roomId, ...(userId === undefined ? [] : [userId]), streamType].join('/')
  }

  equals(other: StreamKey): boolean {
    return this.text === other.text
  }

  /** In text a key appears as its label. */
  toString(): string {
    return this.label
  }

  toJSON(): string {
    return this.label
  }
}
