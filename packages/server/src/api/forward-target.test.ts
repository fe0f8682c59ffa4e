import { expect, test } from 'vitest'
import { resolveForwardTarget } from './forward-target.js'

/** Stands for the system's resolver, which also reads `0x7f000001` and its like as addresses. */
const resolve = (host: string): Promise<readonly string[]> => {
  const names: Record<string, readonly string[]> = {
    'live.example': ['93.184.215.14'],
    'both.example': ['93.184.215.14', '10.0.0.1'],
    'inside.example': ['192.168.1.1'],
    'mapped.example': ['::ffff:127.0.0.1'],
    '0x7f000001': ['127.0.0.1'],
    '0x7f.1': ['127.0.0.1'],
    localhost: ['127.0.0.1', '::1'],
  }
  const addresses = names[host]
  return addresses === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(addresses)
}

test.each([
  'rtmp://127.0.0.1/a/b', 'rtmp://127.1/a/b', 'rtmp://2130706433/a/b', 'rtmp://0177.0.0.1/a/b', 'rtmp://0x7f000001/a/b',
  'rtmp://0x7f.1/a/b', 'rtmp://0/a/b', 'rtmp://0.0.0.0/a/b', 'rtmp://localhost/a/b', 'rtmp://10.1.2.3/a/b',
  'rtmp://172.16.0.1/a/b', 'rtmp://192.168.0.1/a/b', 'rtmp://169.254.169.254/a/b', 'rtmp://100.64.0.1/a/b',
  'rtmp://224.0.0.1/a/b', 'rtmp://255.255.255.255/a/b', 'rtmp://198.18.0.1/a/b', 'rtmp://192.0.2.1/a/b',
  'rtmp://[::1]/a/b', 'rtmp://[::]/a/b', 'rtmp://[::ffff:127.0.0.1]/a/b', 'rtmp://[::ffff:7f00:1]/a/b',
  'rtmp://[::ffff:10.0.0.1]/a/b', 'rtmp://[64:ff9b::7f00:1]/a/b', 'rtmp://[fc00::1]/a/b', 'rtmp://[fd12:3456::1]/a/b',
  'rtmp://[fe80::1]/a/b', 'rtmp://[ff02::1]/a/b', 'rtmp://[2001:db8::1]/a/b', 'rtmp://[2002:7f00:1::]/a/b',
  'rtmp://inside.example/a/b', 'rtmp://both.example/a/b', 'rtmp://mapped.example/a/b', 'rtmp://absent.example/a/b',
  'rtmp://live.example:22/a/b', 'rtmp://live.example:6379x/a/b', 'rtmp://user:pass@live.example/a/b', 'rtmp:///a/b',
  'rtmp://live.example', 'rtmp://live.example/', 'rtmp://live.example/app', 'rtmp://live.example/app/',
  'http://live.example/a/b', 'file:///etc/passwd', 'rtmp:live.example/a/b', '',
])('%s is refused', async (url) => {
  await expect(resolveForwardTarget(url, { allowPrivate: false, resolve })).rejects.toMatchObject({ code: 'BAD_TARGET' })
}) // prettier-ignore

test('a public name is resolved once and comes with the address to connect to', async () => {
  expect(await resolveForwardTarget('rtmps://live.example/app/name?key=1', { allowPrivate: false, resolve })).toEqual({
    ...{ url: 'rtmps://live.example/app/name?key=1', tls: true, host: 'live.example', address: '93.184.215.14' },
    ...{ port: 443, path: 'app/name?key=1' },
  })
})

test('private targets pass when the operator allows them', async () => {
  const options = { allowPrivate: true, resolve }
  expect(await resolveForwardTarget('rtmp://[::1]:22/a/b', options)).toMatchObject({ address: '::1', port: 22 })
  await expect(resolveForwardTarget('rtmp://127.1/a/b', options)).rejects.toMatchObject({ code: 'BAD_TARGET' })
})
