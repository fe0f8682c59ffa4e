// Programs that only the tests need: real encoders, players and a browser.
import { spawnSync } from 'node:child_process'

/** Debian package → what proves that it is there: a command to run, or several of which one is enough. */
const NEEDED = {
  ffmpeg: [
    ['ffmpeg', '-version'],
    ['ffprobe', '-version'],
  ],
  chromium: [['chromium', '--version'], ['chromium-browser', '--version'], ['google-chrome', '--version']], // prettier-ignore
  rtmpdump: [['rtmpdump', '--help']],
  'gstreamer1.0-tools': [['gst-launch-1.0', '--version']],
  'gstreamer1.0-plugins-good': [['gst-inspect-1.0', '--exists', 'flvmux']],
  'gstreamer1.0-plugins-bad': [['gst-inspect-1.0', '--exists', 'rtmp2sink']],
  'gstreamer1.0-plugins-ugly': [['gst-inspect-1.0', '--exists', 'x264enc']],
  coturn: [['turnserver', '--version']],
  'xdg-utils': [['xdg-mime', '--version']],
  'desktop-file-utils': [['which', 'desktop-file-validate']],
  'python3-aiortc': [['/usr/bin/python3', '-c', 'import aiortc']],
}

/** The same, for tests that are skipped without it: Ubuntu has no package of this name. */
const OPTIONAL = {
  'firefox-esr': [['firefox-esr', '--version']],
}

/** Installs what is missing when this user may; otherwise says in one sentence what to install. */
export function installSystemPackages() {
  const missing = missingPackages()
  const optional = missingOf(OPTIONAL)
  if (missing.length === 0 && optional.length === 0) return
  const sudo = process.getuid?.() === 0 ? [] : runs(['sudo', '-n', 'true']) ? ['sudo', '-n'] : undefined
  if (sudo !== undefined && runs(['apt-get', '--version'])) {
    console.error(`Installing what only the tests need: ${[...missing, ...optional].join(', ')} …`)
    const apt = [...sudo, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get']
    attempt([...apt, 'update', '-q'])
    // One by one, for apt installs nothing at all when it does not know one of them.
    for (const names of [missing, ...optional.map((name) => [name])])
      if (names.length > 0) attempt([...apt, 'install', '-y', '-q', '--no-install-recommends', ...names])
  }
  for (const name of missingOf(OPTIONAL)) console.error(`Without ${name} the tests that need it are skipped.`)
  const stillMissing = missingPackages()
  if (stillMissing.length === 0) return
  console.error(`Tests with real programs need: apt-get install ${stillMissing.join(' ')} (as root).`)
}

function missingPackages() {
  return missingOf(NEEDED)
}

function missingOf(packages) {
  return Object.entries(packages)
    .filter(([name, proofs]) => !(name === 'ffmpeg' ? proofs.every(runs) : proofs.some(runs)))
    .map(([name]) => name)
}

function runs([command, ...args]) {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0
}

function attempt([command, ...args]) {
  spawnSync(command, args, { stdio: ['ignore', 2, 2] })
}
