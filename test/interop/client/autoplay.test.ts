import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChromium, startServer, until, type TestServer } from '../../harness/index.js'
import { enter, openPlainPage, sendColourAndTone } from './room-page.js'

let server: TestServer
let sender: Browser
/** As browsers of people are: no sound before the first click. */
let strict: Browser

beforeAll(async () => {
  server = await startServer()
  sender = await launchChromium()
  strict = await launchChromium({
    without: ['--autoplay-policy=no-user-gesture-required'],
    more: ['--autoplay-policy=document-user-activation-required'],
  })
})

afterAll(async () => {
  await sender.close()
  await strict.close()
  await server.stop()
})

test('a page without a click shows video, is told that audio is blocked, and plays it after the first click', async () => {
  const anna = await enter(sender, server.http, { roomId: 'silent', userId: 'anna' })
  await sendColourAndTone(anna, 'rgb(200,40,40)', 440)
  // What a test runs in a page counts as touched by a person: the page must speak for itself until the click.
  const said: string[] = []
  const ben = await openPlainPage(
    strict,
    `<!doctype html><title>untouched</title><div id="others"></div><button>Sound</button><script type="module">
      import { Crossroom } from '${server.http}/sdk/crossroom.js'
      const crossroom = Crossroom.create()
      crossroom.on('remote-video-available', (stream) => crossroom.startRemoteVideo({ ...stream, view: 'others' }))
      crossroom.on('first-video-frame', ({ userId }) => console.log('seen ' + userId))
      crossroom.on('autoplay-failed', ({ userId, resume }) => {
        document.querySelector('button').onclick = () => resume().then(() => console.log('heard ' + userId))
        console.log('blocked ' + userId)
      })
      await crossroom.enterRoom({ roomId: 'silent', userId: 'ben', role: 'audience' })
    </script>`,
    (page) => Promise.resolve(page.on('console', (message) => said.push(message.text()))),
  )
  for (const words of ['seen anna', 'blocked anna']) {
    await until(words, () => said.includes(words), { explain: () => said.join('\n') })
  }
  expect(said).not.toContain('heard anna')
  await ben.click('button')
  await until('heard anna', () => said.includes('heard anna'), { explain: () => said.join('\n') })
})
