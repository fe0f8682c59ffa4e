import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { definitionsOf } from '../../packages/server/src/config/index.js'
import { protocols } from '../../packages/server/src/endpoints/index.js'
import { documents, PROOFS, ROOT, samplesOf } from './samples.js'

const ALL = documents().flatMap(samplesOf)
const WITH_LANGUAGE = ALL.filter(({ language }) => language !== '')

test('every sample of the documents is run by a test, or it is said why not', () => {
  const proofsOf = (file: string, text: string) =>
    PROOFS.filter((proof) => proof.file === file && text.includes(proof.has))
  const wrong = WITH_LANGUAGE.filter(({ file, text }) => proofsOf(file, text).length !== 1)
  expect(wrong.map(({ file, text }) => `${file}: ${text.split('\n')[0]!}`)).toEqual([])
  const unused = PROOFS.filter(
    ({ file, has }) => !WITH_LANGUAGE.some((one) => one.file === file && one.text.includes(has)),
  )
  expect(unused).toEqual([])
})

test('every sample that is said to be run is asked for by a test', () => {
  const tests = ['docs/commands', 'docs/pages', 'rooms/composite', 'cameras']
    .map((name) => readFileSync(join(ROOT, `test/interop/${name}.test.ts`), 'utf8'))
    .join()
  const missing = PROOFS.filter((proof) => 'run' in proof && !tests.includes(`'${proof.file}', '${proof.has}'`))
  expect(missing).toEqual([])
})

test.each(WITH_LANGUAGE.map((one) => [one.file, one.text.split('\n')[0]!.slice(0, 60), one] as const))(
  '%s: "%s" is well formed',
  (_file, _line, { language, text }) => {
    expect(faultOf(language, text)).toBeUndefined()
  },
)

/** What is wrong with the syntax of a sample. */
function faultOf(language: string, text: string): string | undefined {
  switch (language) {
    case 'sh': {
      const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
      return status === 0 ? undefined : stderr
    }
    case 'json':
      JSON.parse(text)
      return undefined
    case 'yaml':
      parse(text)
      return undefined
    case 'js':
    case 'ts':
      return faultOfScript(text)
    case 'html':
    case 'xml': {
      const scripts = [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, script]) =>
        faultOfScript(script!),
      )
      return (
        scripts.find((fault) => fault !== undefined) ?? (/^\s*<[a-z-]+[\s\S]*>\s*$/.test(text) ? undefined : 'no tags')
      )
    }
    default:
      return `nothing checks ${language}`
  }
}

function faultOfScript(text: string): string | undefined {
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext }
  const [first] = ts.transpileModule(text, { reportDiagnostics: true, compilerOptions }).diagnostics ?? []
  return first === undefined ? undefined : ts.flattenDiagnosticMessageText(first.messageText, '\n')
}

test('npm start is what the samples are run against', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  expect(scripts['start']).toMatch(/^node tools\/setup\.mjs && node packages\/server\/bin\/crossroom\.js serve --demo$/)
})

test('the site of nginx is one that nginx takes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroom-nginx-'))
  const subject = ['-subj', '/CN=media.example.org', '-days', '1', '-nodes', '-x509', '-newkey', 'rsa:2048']
  const files = { key: join(folder, 'privkey.pem'), cert: join(folder, 'fullchain.pem') }
  expect(spawnSync('openssl', ['req', ...subject, '-keyout', files.key, '-out', files.cert]).status).toBe(0)
  const site = readFileSync(join(ROOT, 'deploy/nginx.conf'), 'utf8')
    .replaceAll('/etc/letsencrypt/live/media.example.org', folder)
    .replaceAll('443 ssl', '28443 ssl')
  const main = `pid ${folder}/pid; error_log stderr; events {} http { access_log off; client_body_temp_path ${folder}; ${site} }`
  writeFileSync(join(folder, 'nginx.conf'), main)
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` }
  const { status, stderr } = spawnSync('nginx', ['-t', '-c', join(folder, 'nginx.conf')], { env, encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  expect(stderr).toMatch(/test is successful/)
  expect(status).toBe(0)
})

test('the sites of a cluster are ones that nginx and HAProxy take', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroom-cluster-'))
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` }
  const site = readFileSync(join(ROOT, 'deploy/cluster/nginx.conf'), 'utf8').replaceAll('listen 8090', 'listen 28090')
  const main = `pid ${folder}/pid; error_log stderr; events {} http { access_log off; client_body_temp_path ${folder}; ${site} }`
  writeFileSync(join(folder, 'nginx.conf'), main)
  const nginx = spawnSync('nginx', ['-t', '-c', join(folder, 'nginx.conf')], { env, encoding: 'utf8' })
  // The names are those of containers.
  const proxy = readFileSync(join(ROOT, 'deploy/cluster/haproxy.cfg'), 'utf8').replaceAll(/ node\d:/g, ' 127.0.0.1:')
  writeFileSync(join(folder, 'haproxy.cfg'), proxy)
  const haproxy = spawnSync('haproxy', ['-c', '-f', join(folder, 'haproxy.cfg')], { env, encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  expect(nginx.stderr).toMatch(/test is successful/)
  expect([haproxy.status, haproxy.stderr]).toEqual([0, expect.not.stringContaining('ALERT')])
})

test('the containers of a cluster have what they name, and nothing is a default secret', () => {
  interface Service {
    readonly environment?: Record<string, string>
    readonly depends_on?: readonly string[]
  }
  const { services } = parse(readFileSync(join(ROOT, 'deploy/cluster/compose.yaml'), 'utf8'), { merge: true }) as {
    services: Record<string, Service>
  }
  const nodes = Object.entries(services).filter(([, { environment }]) => environment?.['CROSSROOM_NODE_ID'])
  expect(nodes.map(([name, { environment }]) => [name, environment!['CROSSROOM_NODE_ID']])).toEqual(
    ['node1', 'node2', 'node3'].map((name) => [name, name]),
  )
  expect(new Set(nodes.map(([, { environment }]) => environment!['CROSSROOM_RTC_PORT'])).size).toBe(3)
  for (const [, { depends_on: needed = [] }] of nodes) for (const name of needed) expect(services).toHaveProperty(name)
  const known = new Set(definitionsOf(protocols.map(({ options }) => options)).map(({ variable }) => variable))
  for (const [, { environment }] of nodes)
    expect(Object.keys(environment!).filter((name) => !known.has(name))).toEqual([])
  const manifests = parseAllDocuments(readFileSync(join(ROOT, 'deploy/cluster/kubernetes.yaml'), 'utf8'))
  expect(manifests.flatMap(({ errors }) => errors)).toEqual([])
  const kinds = manifests.map((manifest) => {
    const { kind, metadata } = manifest.toJS() as { kind: string; metadata: { name: string } }
    return `${kind} ${metadata.name}`
  })
  expect(kinds).toEqual(expect.arrayContaining(['StatefulSet nats', 'StatefulSet crossroom', 'Service crossroom']))
  const names = readFileSync(join(ROOT, 'deploy/cluster/kubernetes.yaml'), 'utf8').match(/CROSSROOM_[A-Z_]+/g) ?? []
  expect(names.filter((name) => !known.has(name))).toEqual([])
})

test('the samples of deployment are well formed', () => {
  const { services } = parse(readFileSync(join(ROOT, 'deploy/compose.yaml'), 'utf8')) as {
    services: Record<string, object>
  }
  expect(Object.keys(services['crossroom']!)).toEqual(expect.arrayContaining(['build', 'environment', 'ports']))
  const unit = readFileSync(join(ROOT, 'deploy/crossroom.service'), 'utf8').split('\n')
  expect(unit.filter((line) => !/^(|#.*|\[(Unit|Service|Install)\]|[A-Z]\w+=.*)$/.test(line))).toEqual([])
})
