// A reporter of vitest: writes down the tests that passed only when they were tried again, a line each, for the end of
// `npm test`.
import { appendFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(fileURLToPath(import.meta.url), '../..')
export const RETRIED = join(ROOT, '.setup/retried.txt')

export default class RetriedTests {
  onTestRunEnd(modules) {
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { flaky = false, retryCount } = test.diagnostic() ?? {}
        if (!flaky) continue
        const [{ message } = {}] = test.result().errors ?? []
        const name = `${relative(ROOT, module.moduleId)} > ${test.fullName}`
        appendFileSync(RETRIED, `${name} (retry x${retryCount}): ${message?.split('\n')[0]}\n`)
      }
    }
  }
}
