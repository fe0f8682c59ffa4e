import type { SoundMeter } from './sound-meter.js'

/** What a room is told by the streams in it, from where they are watched: nothing in between passes it on. */
export interface RoomChanges {
  /**
   * `list`: what others are told of the stream is not what it was. `sound`: somebody begins to be heard. Called from within
   * the handling of a frame: to be brief.
   */
  changed(what: 'list' | 'sound'): void
  /** Measures sound that does not say how loud it is; undefined while nobody wants to know. */
  readonly soundMeter: SoundMeter | undefined
}

/** The same for a stream that is seen only, as a lower layer is: its sound is that of the best. */
export function withoutSound(changes: RoomChanges): RoomChanges {
  return {
    changed: (what) => {
      if (what === 'list') changes.changed(what)
    },
    soundMeter: undefined,
  }
}
