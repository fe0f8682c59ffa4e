import type { Metrics } from '../../../observe/index.js'
import type { RtcGateway } from './gateway.js'

/** Adds what the media port knows to the metrics; read at each scrape. */
export function observeRtc(metrics: Metrics, gateway: RtcGateway): void {
  const counters = () => gateway.egress.counters()
  metrics.addGauge('rtc_peers', 'WebRTC peers connected or connecting', () => gateway.peers)
  metrics.addCounter('rtc_stranger_packets_total', 'Datagrams from unknown addresses', () => gateway.strangers)
  metrics.addCounter('rtc_sent_packets_total', 'RTP and RTCP packets sent', () => counters().packets)
  metrics.addCounter('rtc_sent_bytes_total', 'Bytes of those packets', () => counters().bytes)
  metrics.addCounter('rtc_send_calls_total', 'System calls for sending', () => counters().sendCalls)
  metrics.addCounter('rtc_kernel_dropped_total', 'Packets dropped by the kernel', () => counters().kernelDropped)
  metrics.addCounter(
    'rtc_frames_refused_total',
    'Frames refused because the egress was full',
    () => counters().framesRefused,
  )
  const offload = () => Number(counters().segmentationOffload)
  metrics.addGauge('rtc_segmentation_offload', 'Whether UDP segmentation offload is in use', offload)
}
