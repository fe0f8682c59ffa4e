// Media jobs, part by part: `bench/jobs/NAME.mjs`. `BENCH_PARTS=pull` runs some of them.
import { readdirSync } from 'node:fs'

export const title = 'Media jobs'
export const settings = { runs: 1, seconds: 10 }

const PARTS = readdirSync(new URL('jobs/', import.meta.url)).map((name) => name.replace('.mjs', ''))

export async function run({ seconds }) {
  const chosen = process.env.BENCH_PARTS?.split(',') ?? PARTS
  const figures = []
  for (const part of PARTS.filter((name) => chosen.includes(name))) {
    const { run: runPart } = await import(`./jobs/${part}.mjs`)
    const found = await runPart({ seconds })
    figures.push(...found.map((figure) => ({ ...figure, name: `${part}: ${figure.name}` })))
  }
  return figures
}
