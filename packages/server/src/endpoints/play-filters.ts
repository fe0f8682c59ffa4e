import { SilenceFiller, WithoutTrack, type FrameFilter } from '../hub/index.js'

/** Changes to a stream for one viewer. */
export interface PlayFilters {
  /** Always an AAC track: silent when there is none or it is late. */
  readonly fillsSilence: boolean
  /** The kind of track that the viewer may not have. */
  readonly without: 'audio' | 'video' | undefined
}

/** Names a combination among the variants of a fanout; empty when nothing is changed. */
export function filterName({ fillsSilence, without }: PlayFilters): string {
  const parts = [fillsSilence ? 'silence' : '', without === undefined ? '' : `no-${without}`]
  return parts.filter((part) => part !== '').join('+')
}

export function filterOf({ fillsSilence, without }: PlayFilters): FrameFilter | undefined {
  const silence = fillsSilence ? new SilenceFiller() : undefined
  return without === undefined ? silence : new WithoutTrack(without, silence)
}
