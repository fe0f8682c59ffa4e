import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

/** The samples of the documents: every fenced block, and how it is proved that it works. */

export const ROOT = resolve(import.meta.dirname, '../..')

/** One fenced block. */
export interface Sample {
  /** Path of the document in the repository. */
  readonly file: string
  /** What stands behind the fence; empty for drawings and output. */
  readonly language: string
  readonly text: string
}

/**
 * How a sample is proved. `run`: a test of `test/interop/docs` does what the block says, against the server that the text
 * told to start. `why`: it cannot be run here, for that reason; its syntax is checked.
 */
export type Proof = { readonly run: Server } | { readonly why: string }

/** What the text before told to start: `npm start`, a server with a secret, or nothing. */
export type Server = 'demo' | 'secret' | 'none' | 'browser'

interface Rule {
  readonly file: string
  /** Some text that this block has and no other of the document. */
  readonly has: string
}

const CLONE = 'every run of the tests begins with these commands; npm start is serve --demo (see the test of it)'
const FRAGMENT = 'a fragment: it names parts of the reader’s own program'
const PHONE = 'it runs in WeChat; packages/miniprogram runs the component by miniprogram-simulate'
const OUTPUT = 'output, not input'

/** Every block with a language; what is not in here fails the tests. */
export const PROOFS: readonly (Rule & Proof)[] = [
  { file: 'README.md', has: 'git clone', why: CLONE },
  { file: 'README.md', has: '--user obs --room demo --push', run: 'demo' },
  { file: 'README.md', has: '--user camera --room demo', run: 'demo' },
  { file: 'README.md', has: 'crossroom.enterRoom', run: 'browser' },
  { file: 'README.md', has: '<webrtc-room', why: PHONE },
  { file: 'README.md', has: '-f flv rtmp://localhost:1935/live/camera1', run: 'demo' },
  { file: 'README.md', has: 'gst-launch-1.0', run: 'demo' },
  { file: 'README.md', has: 'export CROSSROOM_SECRET', run: 'none' },
  { file: 'CONTRIBUTING.md', has: 'npm run fuzz', why: 'commands of the tests themselves' },
  { file: 'CONTRIBUTING.md', has: 'export const adts', why: 'test/worked-example runs it in a server' },
  { file: 'CONTRIBUTING.md', has: 'webrtc, adts]', why: 'test/worked-example adds it to the list like this' },
  { file: 'docs/1-quick-start.md', has: 'git clone', why: CLONE },
  { file: 'docs/1-quick-start.md', has: '-f flv rtmp://localhost:1935/live/camera1', run: 'demo' },
  { file: 'docs/1-quick-start.md', has: 'ffplay', run: 'demo' },
  { file: 'docs/10-rooms.md', has: 'room.enter', why: 'a message of signaling with a signature that stands for yours' },
  { file: 'docs/11-mini-program.md', has: 'usingComponents', why: PHONE },
  { file: 'docs/11-mini-program.md', has: '<webrtc-room', why: PHONE },
  { file: 'docs/11-mini-program.md', has: 'Page({', why: PHONE },
  { file: 'docs/15-record.md', has: 'api/v1/recordings', run: 'demo' },
  { file: 'docs/15-record.md', has: 'record-upload:', why: 'a fragment of a configuration file' },
  {
    file: 'docs/15-record.md',
    has: 'crossroom verify',
    why: 'test/interop/record-kept.test.ts runs it on real recordings',
  },
  { file: 'docs/15-record.md', has: 'record-path:', why: 'a fragment of a configuration file' },
  { file: 'docs/13-calls.md', has: 'api/v1/calls', run: 'demo' },
  { file: 'docs/14-hls.md', has: 'ffplay', run: 'demo' },
  { file: 'docs/12-desktop.md', has: 'desktop register', run: 'none' },
  { file: 'docs/16-cluster.md', has: 'nats-server -js', run: 'none' },
  { file: 'docs/16-cluster.md', has: '--node-id node1', run: 'none' },
  { file: 'docs/16-cluster.md', has: 'crossroom cluster nodes', run: 'none' },
  { file: 'docs/16-cluster.md', has: 'crossroom cluster drain', run: 'none' },
  { file: 'docs/16-cluster.md', has: 'docker compose', why: 'Docker; samples.test.ts reads the files' },
  { file: 'docs/18-cameras.md', has: 'crossroom cameras', run: 'none' },
  { file: 'docs/18-cameras.md', has: 'api/v1/pulls', run: 'none' },
  { file: 'docs/17-composite.md', has: '/composites -H', run: 'demo' },
  { file: 'docs/2-streams.md', has: 'crossroom token --stream', run: 'secret' },
  { file: 'docs/2-streams.md', has: 'txSecret', run: 'secret' },
  { file: 'docs/3-webrtc.md', has: 'ontrack', run: 'browser' },
  { file: 'docs/3-webrtc.md', has: 'getUserMedia', run: 'browser' },
  { file: 'docs/4-configuration.md', has: '--rtmp-port 1945', run: 'none' },
  { file: 'docs/5-deployment.md', has: '--tls-cert fullchain.pem', run: 'none' },
  { file: 'docs/5-deployment.md', has: '--processes 4', run: 'none' },
  { file: 'docs/5-deployment.md', has: 'systemctl', why: 'systemd and root' },
  { file: 'docs/5-deployment.md', has: 'docker compose', why: 'Docker' },
  { file: 'docs/6-api-and-hooks.md', has: 'api-key)"', run: 'demo' },
  { file: 'docs/6-api-and-hooks.md', has: 'api/v1/connections/6jV', run: 'demo' },
  { file: 'docs/6-api-and-hooks.md', has: 'snapshot.jpg?width=320"', run: 'demo' },
  { file: 'docs/6-api-and-hooks.md', has: 'POST localhost:8080/api/v1/tokens', run: 'demo' },
  { file: 'docs/6-api-and-hooks.md', has: 'POST localhost:8080/api/v1/forwards', why: 'its target is a server on the internet' }, // prettier-ignore
  { file: 'docs/19-relay.md', has: 'api/v1/pushes', run: 'demo' },
  { file: 'docs/6-api-and-hooks.md', has: 'POST localhost:8080/api/v1/pushes', why: 'its target is a server on the internet; push.test.ts pushes' }, // prettier-ignore
  { file: 'docs/6-api-and-hooks.md', has: 'push-private: 10', why: 'its targets are other machines; spec.test.ts reads such lines' }, // prettier-ignore
  { file: 'docs/6-api-and-hooks.md', has: 'POST localhost:8080/api/v1/pulls', why: 'its source is a server on the internet; pull.test.ts pulls' }, // prettier-ignore
  { file: 'docs/6-api-and-hooks.md', has: 'pull-private: 192', why: 'its sources are on other machines; spec.test.ts reads such lines' }, // prettier-ignore
  { file: 'docs/6-api-and-hooks.md', has: '"streams": [', why: OUTPUT },
  { file: 'docs/6-api-and-hooks.md', has: '"expiresAt": 1795357259000', why: OUTPUT },
  { file: 'docs/6-api-and-hooks.md', has: '"event": "on_publish"', why: OUTPUT },
  { file: 'docs/6-api-and-hooks.md', has: 'createHmac', why: FRAGMENT },
  { file: 'docs/6-api-and-hooks.md', has: 'scrape_configs', why: 'Prometheus' },
  { file: 'docs/8-troubleshooting.md', has: 'crossroom doctor', run: 'demo' },
  {
    file: 'docs/9-players.md',
    has: 'mpegts.js',
    why: 'it needs a bundler; live-flv.test.ts plays with these settings',
  },
  { file: 'packages/client/README.md', has: 'crossroom.enterRoom', run: 'browser' },
  { file: 'packages/client/README.md', has: 'calls.online', run: 'browser' },
  { file: 'packages/client/README.md', has: 'Crossroom.publish', run: 'browser' },
  { file: 'packages/media/README.md', has: 'FlvStreamReader', run: 'none' },
  { file: 'packages/miniprogram/README.md', has: '<webrtc-room', why: PHONE },
  { file: 'packages/miniprogram/README.md', has: "selectComponent('#room')", why: PHONE },
  { file: 'packages/miniprogram/README.md', has: 'new Client(', why: PHONE },
  { file: 'packages/protocol/README.md', has: 'new RoomSession', why: FRAGMENT },
  { file: 'packages/rtmp/README.md', has: 'new RtmpServerSession', why: FRAGMENT },
  { file: 'packages/server/README.md', has: 'crossroom serve --help', run: 'secret' },
  { file: 'packages/simulator/README.md', has: 'crossroom simulate', why: 'the phone of the demo is this command' },
  { file: 'packages/simulator/README.md', has: 'Phone.open', why: 'test/interop/simulator opens phones like this' },
  { file: 'packages/testkit/README.md', has: 'new VirtualClock', why: FRAGMENT },
  { file: 'packages/web/README.md', has: 'npm run build', why: CLONE },
  { file: 'bench/README.md', has: 'npm run bench', why: 'benchmarks take minutes' },
]

/** Every sample of a document. */
export function samplesOf(file: string): Sample[] {
  const text = readFileSync(join(ROOT, file), 'utf8')
  return [...text.matchAll(/^( *)```(\S*)[^\n]*\n([\s\S]*?)^\1```/gm)].map(
    ([, indent = '', language = '', block = '']) => ({
      ...{ file, language },
      text: block
        .split('\n')
        .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
        .join('\n'),
    }),
  )
}

/** The one block of a document that has this text. */
export function sample(file: string, has: string): string {
  const found = samplesOf(file).filter(({ language, text }) => language !== '' && text.includes(has))
  if (found.length !== 1) throw new Error(`${file} has ${String(found.length)} samples with ${has}`)
  return found[0]!.text
}

/** Documents with samples, as paths in the repository. */
export function documents(folder = ROOT): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory())
      return /^(node_modules|dist|build|fixtures|results|\..*)$/.test(entry.name) ? [] : documents(path)
    return entry.name.endsWith('.md') ? [relative(ROOT, path)] : []
  })
}
