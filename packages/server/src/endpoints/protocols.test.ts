import { expect, test } from 'vitest'
import { definitionsOf, loadConfig, serverOptions } from '../config/index.js'
import { protocols, reservedApps } from './index.js'

const duplicates = (names: readonly string[]) => names.filter((name, index) => names.indexOf(name) !== index)

test('protocols have names, options and reserved apps of their own, and a label has one kind of publishers and players', () => {
  expect(duplicates(protocols.map(({ name }) => name))).toEqual([])
  const shapes = [serverOptions, ...protocols.map(({ options }) => options)]
  expect(duplicates(shapes.flatMap((shape) => Object.keys(shape)))).toEqual([])
  expect(reservedApps(loadConfig({ flags: {}, environment: {} }, protocols))).toEqual(['hls', 'whip', 'whep'])
  expect(duplicates(protocols.flatMap(({ publishes }) => publishes))).toEqual([])
  expect(duplicates(protocols.flatMap(({ plays }) => plays.map(({ by }) => by)))).toEqual([])
})

test('every option of a protocol stands where it says in --help, and none is lost', () => {
  const names = definitionsOf(protocols.map(({ options }) => options)).map(({ name }) => name)
  const ports = names.filter((name) => name.endsWith('Port'))
  expect(ports).toEqual(['rtmpPort', 'httpPort', 'rtcPort', 'httpsPort', 'rtmpsPort', 'adminPort', 'relayPort'])
  expect(names.slice(0, 7)).toEqual(['host', 'rtmpPort', 'httpPort', 'rtcPort', 'rtcAddress', 'turnUrl', 'turnSecret'])
})
