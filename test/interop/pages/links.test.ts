import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { makeTicket } from '../../../packages/server/src/auth/user-sig.js'
import { launchChromium, startServer, type TestServer } from '../../harness/index.js'
import { openAt, tileOf, untilMoves } from './caller.js'

vi.setConfig({ testTimeout: 60_000 })

const SECRET = 'a secret for tests of links, 32 bytes'
let server: TestServer
let browser: Browser

beforeAll(async () => {
  server = await startServer({ args: ['--sdk-app-id', '1', '--api-key', 'key'], env: { CROSSROOM_SECRET: SECRET } })
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  await server.stop()
})

function signatureOf(userId: string): string {
  return makeTicket(SECRET, {
    userId,
    sdkAppId: 1,
    issuedAtSeconds: Math.floor(Date.now() / 1000),
    expireSeconds: 600,
  })
}

/** A page that remembers whether it asked for a device or a socket, from before its first script on. */
async function open(path: string): Promise<Page> {
  const { page } = await openAt(browser, server.http + path, {
    prepare: (page) =>
      page.addInitScript(() => {
        const asked: string[] = []
        Object.assign(window, { asked })
        for (const name of ['getUserMedia', 'getDisplayMedia'] as const) {
          navigator.mediaDevices[name] = new Proxy(navigator.mediaDevices[name].bind(navigator.mediaDevices), {
            apply: (target, self, given) => {
              asked.push(name)
              return Reflect.apply(target, self, given) as Promise<MediaStream>
            },
          })
        }
        history.replaceState = new Proxy(history.replaceState.bind(history), {
          apply: (target, self, given) => {
            asked.push('clean')
            Reflect.apply(target, self, given)
          },
        })
        window.fetch = new Proxy(window.fetch.bind(window), {
          apply: (target, self, given) => {
            asked.push('fetch')
            return Reflect.apply(target, self, given) as Promise<Response>
          },
        })
        window.WebSocket = class extends WebSocket {
          constructor(url: string | URL, protocols?: string | string[]) {
            super(url, protocols)
            asked.push('socket')
          }
        }
      }),
  })
  return page
}

const askedBy = (page: Page): Promise<string[]> => page.evaluate(() => (window as unknown as { asked: string[] }).asked)
const addressOf = (page: Page): string => page.url().slice(server.http.length)

test('a link with a signature enters only after a click, and the signature leaves the address first', async () => {
  const secret = `userid=mia&usersig=${encodeURIComponent(signatureOf('mia'))}&sdkappid=1`
  for (const link of [`/call?room=den&name=Mia&enter#${secret}`, `/call?room=den&name=Mia&enter&${secret}`]) {
    const page = await open(link)
    const join = page.getByRole('button', { name: 'Join den as Mia' })
    await join.waitFor()
    expect(addressOf(page)).toBe('/call?room=den&name=Mia')
    const asked = await askedBy(page)
    expect(asked[0]).toBe('clean')
    expect(asked).not.toContain('socket')
    expect(asked).not.toContain('getUserMedia')
    // The link still counts after a reload.
    await page.reload()
    await join.click()
    await untilMoves(page, 'Mia', 3)
    expect(addressOf(page)).toBe('/call?room=den')
    await page.close()
  }
})

test('a ticket enters only after a click, under the name it was issued for', async () => {
  const answer = await fetch(`${server.http}/api/v1/desktop/ticket`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ roomId: 'den', userId: 'tom', userName: 'Tom', sdkAppId: 1, userSig: signatureOf('tom') }),
  })
  const { ticket } = (await answer.json()) as { ticket: string }
  const page = await open(`/call?room=den#userid=tom&ticket=${ticket}`)
  const join = page.getByRole('button', { name: 'Join den as Tom' })
  await join.waitFor()
  expect(addressOf(page)).toBe('/call?room=den')
  expect(await askedBy(page)).not.toContain('getUserMedia')
  await join.click()
  await tileOf(page, 'Tom').waitFor()
  await page.close()
})

/** The link that the owner's window of invitations shows after one of its buttons was used. */
async function linkFrom(owner: Page, kind: string): Promise<string> {
  await owner.getByRole('button', { name: kind, exact: true }).click()
  const line = owner.getByRole('textbox', { name: kind, exact: true })
  await line.waitFor()
  return (await line.innerText()).trim()
}

async function tryInvite(invite: string): Promise<{ status: number; userId?: string; error?: { code: string } }> {
  const response = await fetch(`${server.http}/api/v1/guest`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ roomId: 'hall', invite }),
  })
  return { status: response.status, ...((await response.json()) as object) }
}

test('guests enter by the owner’s links, under their own ids, with the permissions of each link', async () => {
  const secret = `userid=mia&usersig=${encodeURIComponent(signatureOf('mia'))}&sdkappid=1`
  const owner = await open(`/call?room=hall&name=Mia#${secret}`)
  await owner.getByRole('button', { name: 'Join hall as Mia' }).click()
  await tileOf(owner, 'Mia').waitFor()
  await owner.keyboard.press('i')
  const join = await linkFrom(owner, 'Link to join')
  const watch = await linkFrom(owner, 'Link to watch')

  const guest = await open(join.slice(server.http.length))
  expect(addressOf(guest)).toBe('/call?room=hall')
  expect((await askedBy(guest))[0]).toBe('clean')
  await guest.getByLabel('Your name').fill('Gus')
  await guest.getByRole('button', { name: 'Join hall as Gus' }).click()
  await tileOf(owner, 'Gus').waitFor()
  expect(addressOf(guest)).toBe('/call?room=hall')

  const viewer = await open(watch.slice(server.http.length))
  expect(addressOf(viewer)).toBe('/live?room=hall')
  expect(await askedBy(viewer)).not.toContain('socket')
  await viewer.getByRole('button', { name: /^Watch hall as/ }).click()
  await viewer.getByText('1 watching').first().waitFor()

  // A reload is the same guest again, by the same use of the link.
  await guest.reload()
  await guest.getByLabel('Your name').fill('Gus')
  await guest.getByRole('button', { name: 'Join hall as Gus' }).click()
  await guest.getByRole('toolbar').waitFor()
  const invite = new URLSearchParams(new URL(join).hash.slice(1)).get('invite') ?? ''
  const others = []
  for (let use = 2; use <= 11; use++) others.push(await tryInvite(invite))
  expect(others.map(({ status }) => status)).toEqual([...Array<number>(9).fill(200), 404])
  expect(new Set(others.map(({ userId }) => userId)).size).toBe(10)
  expect(others.at(-1)?.error?.code).toBe('INVITATION_GONE')
  await vi.waitFor(() => {
    const audited = server
      .log()
      .split('\n')
      .filter((line) => line.includes('"audit"'))
    expect(audited.filter((line) => line.includes('"room.invite"') && line.includes('"mia"'))).toHaveLength(2)
    expect(audited.filter((line) => line.includes('"what":"guest"'))).toHaveLength(12)
  })

  const late = await open(join.slice(server.http.length))
  await late.getByLabel('Your name').fill('Late')
  await late.getByRole('button', { name: 'Join hall as Late' }).click()
  await late.getByText('This invitation is used up or has expired.').waitFor()
  for (const page of [late, viewer, guest, owner]) await page.close()
})

test('links to the other pages open no device either, and leave no token in the address', async () => {
  const secret = `#userid=eve&usersig=${encodeURIComponent(signatureOf('eve'))}&sdkappid=1`
  const live = await open(`/live?room=den&name=Eve${secret}`)
  const watch = live.getByRole('button', { name: 'Watch den as Eve' })
  await watch.waitFor()
  expect(await askedBy(live)).not.toContain('socket')
  expect(addressOf(live)).toBe('/live?room=den&name=Eve')
  await watch.click()
  await live.getByText('Nobody is live here yet.').waitFor()
  expect(await askedBy(live)).not.toContain('getUserMedia')
  await live.close()
  for (const [link, left] of [
    ['/live?publish=live/x&token=secret-token', '/live?publish=live/x'],
    ['/live?stream=live/x&token=secret-token', '/live?stream=live/x'],
    ['/live?stream=live/x#token=secret-token', '/live?stream=live/x'],
    ['/call?room=den&open=app&name=Eve' + secret, '/call?room=den&name=Eve&open=app'],
    ['/', '/'],
    ['/monitor', '/monitor'],
  ] as const) {
    const page = await open(link)
    await page.getByRole('heading', { level: 1 }).first().waitFor({ state: 'attached' })
    expect(addressOf(page)).toBe(left)
    expect((await askedBy(page)).filter((what) => what.startsWith('get'))).toEqual([])
    await page.close()
  }
})

test('a token that left the address still opens the stream, after a reload too', async () => {
  const page = await open('/live?stream=live/x&token=secret-token')
  const asked = page.waitForRequest((request) => request.url().includes('/whep/live/x'))
  await page.reload()
  expect((await asked).headers()['authorization']).toBe('Bearer secret-token')
  await page.close()
})
