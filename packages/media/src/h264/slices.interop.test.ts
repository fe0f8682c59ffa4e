import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { framesOf } from '../flv/remux.fake.js'
import { isEntryPoint } from '../model/frame.js'
import { hasIdr } from './nal.js'
import { sliceType } from './slice-header.js'

/** Encodes two seconds, and says for each picture in decoding order what ffprobe and what this package says. */
function compare(...options: string[]): { probed: string[]; ours: string[]; idrPictures: number } {
  const directory = mkdtempSync(join(tmpdir(), 'slices-'))
  try {
    const file = join(directory, 'x.flv')
    const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2', '-pix_fmt', 'yuv420p']
    const encoder = ['-c:v', 'libx264', '-threads', '1', '-g', '10', '-x264-params', 'scenecut=0', ...options]
    execFileSync('ffmpeg', ['-loglevel', 'error', ...source, ...encoder, file])
    const entries = ['-select_streams', 'v', '-show_entries', 'packet=pts,flags:frame=pts,pict_type', '-of', 'csv']
    const rows = execFileSync('ffprobe', ['-v', 'error', ...entries, file], { encoding: 'utf8' })
      .trim()
      .split('\n')
    const cells = rows.map((row) => row.split(','))
    const types = new Map(cells.filter(([kind]) => kind === 'frame').map(([, pts, type]) => [pts, type]))
    const packets = cells.filter(([kind]) => kind === 'packet')
    const probed = packets.map(([, pts, flags]) => `${types.get(pts)} ${flags!.startsWith('K') ? 'key' : ''}`)
    const frames = framesOf(new Uint8Array(readFileSync(file)))
    const ours = frames.map((frame) => {
      const slice = frame.units.map(sliceType).find((type) => type !== undefined)
      return `${slice} ${isEntryPoint(frame) ? 'key' : ''}`
    })
    return { probed, ours, idrPictures: frames.filter(({ units }) => hasIdr(units)).length }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test.each([
  ['B-frames with pyramid', ['-bf', '3', '-b_strategy', '0'], 5],
  ['open GOP, whose later key frames are no IDR pictures', ['-bf', '2', '-flags', '-cgop'], 1],
  ['several slices per picture', ['-slices', '4', '-bf', '1'], 5],
  ['interlaced', ['-flags', '+ilme+ildct+cgop', '-bf', '2'], 5],
])('picture types and key frames as ffprobe sees them: %s', (_, options, idrs) => {
  const { probed, ours, idrPictures } = compare(...options)
  expect(ours.length).toBe(50)
  expect(idrPictures).toBe(idrs)
  expect(ours).toEqual(probed)
  expect(ours.some((type) => type.startsWith('B'))).toBe(true)
  expect(ours.filter((type) => type.endsWith('key')).length).toBe(5)
})
