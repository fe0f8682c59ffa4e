import type { LabelledValue, Metrics } from '../observe/index.js'
import type { Composer } from './composite/index.js'
import type { Mixer } from './mix/index.js'
import type { LaneStatus, Transcoder } from './transcoder.js'

/** Exposes the transcoder's figures; read at each scrape. */
export function addTranscodeMetrics(metrics: Metrics, transcoder: Transcoder): void {
  const lane = ['lane']
  const lanes = (pick: (status: LaneStatus) => number) => (): LabelledValue[] =>
    transcoder.lanes.map((status) => ({ labels: { lane: status.lane }, value: pick(status) }))
  metrics.addGauge(
    'codec_process_ready',
    'Whether the codec process is ready',
    lanes(({ state }) => (state === 'ready' ? 1 : 0)),
    lane,
  )
  metrics.addCounter(
    'codec_process_crashes_total',
    'Codec processes that exited or were killed',
    lanes(({ crashes }) => crashes),
    lane,
  )
  metrics.addCounter(
    'codec_process_hangs_total',
    'Codec processes killed because they did not answer',
    lanes(({ hangs }) => hangs),
    lane,
  )
  metrics.addGauge('conversions', 'Conversions running', () => conversionsByName(transcoder), ['conversion'])
  metrics.addGauge(
    'streams_without_b_frames',
    'Streams whose B-frames are dropped because no codec engine is available to convert them',
    () => transcoder.derivedStreams.filter(({ video }) => video === 'drop-b-frames').length,
  )
}

/** The same of the mixes of rooms. */
export function addMixMetrics(metrics: Metrics, mixer: Mixer): void {
  metrics.addGauge('mixes', 'Room mixes in use', () => mixer.status.played)
  metrics.addGauge('mix_sources', 'Audio streams decoded for mixes, once for each room', () => mixer.status.sources)
}

/** The same of the composites of rooms. */
export function addCompositeMetrics(metrics: Metrics, composer: Composer): void {
  metrics.addGauge('composites', 'Composites of rooms in use', () => composer.status.running)
  metrics.addCounter(
    'composite_pictures_skipped_total',
    'Pictures of composites left out because the machine was too slow',
    () => composer.status.skipped,
  )
}

function conversionsByName(transcoder: Transcoder): LabelledValue[] {
  const counts = new Map<string, number>()
  for (const { conversion } of transcoder.conversions) counts.set(conversion, (counts.get(conversion) ?? 0) + 1)
  return [...counts].map(([conversion, value]) => ({ labels: { conversion }, value }))
}
