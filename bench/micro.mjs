// Parsers and muxers alone: in a process of its own, whose young generation is so large that nothing is collected meanwhile.
import { startWorker } from './lib/children.mjs'
import { figure } from './lib/figure.mjs'

export const title = 'RTMP chunk reader and FLV muxer'
export const settings = { runs: 3 }

export async function run() {
  const worker = await startWorker('micro', {}, ['--max-semi-space-size=128'])
  const speed = await worker.ask({ command: 'measure' })
  await worker.stop()
  return [
    figure('chunk reader, chunk size 4096, cut at random', 'MB/s', speed.chunks4096, { least: 500 }),
    figure('chunk reader, chunk size 128, cut at random', 'MB/s', speed.chunks128, { least: 150 }),
    figure('heap taken per additional chunk', 'bytes', speed.heapPerChunk, { most: 1 }),
    figure('FLV muxer, into a buffer', 'MB/s', speed.muxer, { least: 1000 }),
    figure('FLV batches for viewers, with their buffers', 'MB/s', speed.batches),
  ]
}
