import { beforeEach, expect, test } from 'vitest'
import type { RoomRecorder } from '../doors/room-recorder.js'
import type { RoomCommand } from '../network/room-document.js'
import { RoomRecording } from './room-recording.js'

let isHere: boolean
let isElsewhere: boolean
let told: boolean[]
let asked: RoomCommand[]
let documents: number
let done: string[]
let recorder: RoomRecorder | undefined

beforeEach(() => {
  isHere = isElsewhere = false
  told = []
  asked = []
  done = []
  documents = 0
  recorder = {
    isRecorded: () => isHere,
    start: (roomId) => Promise.resolve(void done.push(`start ${roomId}`)),
    stop: (roomId) => Promise.resolve(void done.push(`stop ${roomId}`)),
    over: () => undefined,
  }
})

function recordingOf(): RoomRecording {
  const union = {
    get isRecordedElsewhere() {
      return isElsewhere
    },
    changed: () => void documents++,
    askOthers: (command: RoomCommand) => Promise.resolve(void asked.push(command)),
  }
  const room = { id: 'r', union, notifyAll: (_: string, { recording }: { recording: boolean }) => told.push(recording) }
  return new RoomRecording(room, { recorder: () => recorder })
}

test('each change is told once, and what is so from the first on not at all', () => {
  isHere = true
  const recording = recordingOf()
  recording.check()
  expect([recording.isOn, told]).toEqual([true, []])
  isHere = false
  recording.check()
  recording.check()
  expect([recording.isOn, told]).toEqual([false, [false]])
})

test('a recording here and one on another node are one to members, and only that here is told to nodes', () => {
  const recording = recordingOf()
  isElsewhere = true
  recording.check()
  expect([told, documents]).toEqual([[true], 0])
  isHere = true
  recording.check()
  isElsewhere = false
  recording.check()
  expect([told, documents]).toEqual([[true], 1])
  isHere = false
  recording.check()
  expect([told, documents]).toEqual([[true, false], 2])
})

test('the owner starts and stops it on all nodes', async () => {
  const recording = recordingOf()
  await recording.set(true)
  await recording.set(false)
  expect(done).toEqual(['start r', 'stop r'])
  expect(asked).toEqual([
    { do: 'record', recording: true },
    { do: 'record', recording: false },
  ])
})

test('without a folder for recordings it is refused with a sentence', async () => {
  recorder = undefined
  const recording = recordingOf()
  expect(recording.isOn).toBe(false)
  await expect(recording.set(true)).rejects.toMatchObject({
    code: 'RECORD_OFF',
    message: expect.stringMatching(/\w+ \w+ .*\./) as string,
  })
})
