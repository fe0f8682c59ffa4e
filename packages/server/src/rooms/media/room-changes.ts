import type { SoundMeter } from './sound-meter.js'

/** Events that the streams of a room report directly to it. */
export interface RoomChanges {
  /**
   * `list`: the listed state of the stream changed. `sound`: a member starts to be heard. Called while a frame is
   * handled: keep it short.
   */
  changed(what: 'list' | 'sound'): void
  /** Measures audio without a level; undefined without receivers of levels. */
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
