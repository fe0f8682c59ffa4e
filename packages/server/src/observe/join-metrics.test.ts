import { expect, test } from 'vitest'
import { joinMetrics, Metrics, ParentMetrics } from './index.js'

test('the metrics of several processes are one text, where each metric is described once', async () => {
  const [one, two] = ['1', '2'].map((process) => new Metrics({ process }))
  for (const metrics of [one!, two!]) metrics.addProtocol('rtmp')
  one!.streamOpened()
  two!.viewerStarted('rtmp')
  two!.viewerJoined('rtmp', 1000)
  two!.addGauge('only_here', 'Of the second process', () => 7)
  const parent = new ParentMetrics(() => 2)
  parent.restarted()
  const text = joinMetrics(await Promise.all([one!, two!, parent].map((metrics) => metrics.scrape())))
  const lines = text.split('\n')
  expect(lines.filter((line) => line.startsWith('crossroom_streams'))).toEqual([
    'crossroom_streams{process="1"} 1',
    'crossroom_streams{process="2"} 0',
  ])
  expect(lines).toEqual(
    expect.arrayContaining([
      'crossroom_viewers{protocol="rtmp",process="1"} 0',
      'crossroom_viewers{protocol="rtmp",process="2"} 1',
      'crossroom_join_seconds_count{process="2",protocol="rtmp"} 1',
      'crossroom_only_here{process="2"} 7',
      'crossroom_processes{process="parent"} 2',
      'crossroom_process_restarts_total{process="parent"} 1',
    ]),
  )
  const heads = lines.filter((line) => line.startsWith('#'))
  expect(new Set(heads).size).toBe(heads.length)
  // Prometheus wants all lines of a metric behind its description.
  let family = ''
  for (const line of lines.filter((one) => one !== '')) {
    family = /^# HELP (\S+)/.exec(line)?.[1] ?? family
    if (!line.startsWith('#')) expect(line.startsWith(family), line).toBe(true)
  }
})
