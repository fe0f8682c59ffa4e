import { expect, test } from 'vitest'
import { policyCases, ROLES } from './policy.cases.js'
import { isCallMethod, mayRequest, requests, type RequestMethod } from '@crossroom/protocol'
import { mayReceive, maySend } from './policy.js'
import { ALL_PERMISSIONS } from '../../auth/index.js'

const matrix = policyCases.flatMap(([method, who]) =>
  ROLES.map((role, i) => [role, who[i] === '.' ? 'may not' : 'may', method] as const),
)

test('the matrix names every request to a room', () => {
  const methods = (Object.keys(requests) as RequestMethod[]).filter((method) => !isCallMethod(method))
  expect(policyCases.map(([method]) => method).sort()).toEqual(methods.sort())
})

test.each(matrix)('%s %s %s', (role, verdict, method) => {
  expect(mayRequest(role, method)).toBe(verdict === 'may')
})

test('the screen has a permission of its own, for its sound as well', () => {
  const noScreen = { ...ALL_PERMISSIONS, sendAux: false, receiveAux: false }
  expect(maySend(noScreen, 'aux')).toEqual({ audio: false, video: false })
  expect(mayReceive(noScreen, 'aux')).toEqual({ audio: false, video: false })
  expect(maySend(noScreen, 'main')).toEqual({ audio: true, video: true })
  const screenOnly = { ...ALL_PERMISSIONS, sendAudio: false, receiveVideo: false }
  expect(maySend(screenOnly, 'aux')).toEqual({ audio: true, video: true })
  expect(maySend(screenOnly, 'main')).toEqual({ audio: false, video: true })
  expect(mayReceive(screenOnly, 'small')).toEqual({ audio: true, video: false })
})
