import { VirtualClock } from '@crossroom/testkit'
import { expect, test } from 'vitest'
import { Metrics } from '../observe/metrics.js'
import { silentLog } from '../observe/log.js'
import { FakeChildren } from './codecs.fake.js'
import { addTranscodeMetrics } from './transcode-metrics.js'
import { Transcoder } from './transcoder.js'

test('the state of the codec processes is in the metrics', async () => {
  const clock = new VirtualClock()
  const children = new FakeChildren(clock)
  const transcoder = new Transcoder({ clock, log: silentLog, spawn: children.spawn, spare: false })
  const metrics = new Metrics()
  addTranscodeMetrics(metrics, transcoder)
  transcoder.start()
  clock.advance(1_000_000)
  expect(await metrics.scrape()).toContain('crossroom_codec_process_ready{lane="audio"} 1')
  for (const child of children.alive) child.kill()
  clock.advance(2000)
  const text = await metrics.scrape()
  expect(text).toContain('crossroom_codec_process_ready{lane="video"} 0')
  expect(text).toContain('crossroom_codec_process_crashes_total{lane="video"} 1')
  expect(text).toContain('crossroom_streams_without_b_frames 0')
  transcoder.close()
})
