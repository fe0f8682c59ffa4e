import type { Page } from 'playwright-core'
import type { RoomWindow } from '../client/room-page.js'

/** Sends the landscape clock picture (see the simulator's clock-picture.ts) and a tone, made by the page. */
export async function sendClockAndTone(page: Page, hz: number): Promise<void> {
  await page.evaluate(async (frequency) => {
    const { crossroom } = window as unknown as RoomWindow
    const canvas = document.createElement('canvas')
    canvas.width = 640
    canvas.height = 360
    const pen = canvas.getContext('2d')!
    let step = 0
    setInterval(() => {
      const now = Date.now() % 2 ** 32
      const bytes = [24, 16, 8, 0].map((shift) => Math.floor(now / 2 ** shift) & 255)
      bytes.push(bytes.reduce((sum, byte) => (sum + byte) & 255, 0))
      pen.fillStyle = '#456'
      pen.fillRect(0, 0, 640, 360)
      for (let block = 0; block < 40; block++) {
        pen.fillStyle = (bytes[block >> 3]! >> (7 - (block & 7))) & 1 ? 'white' : 'black'
        pen.fillRect(block * 16, 0, 16, 16)
      }
      pen.fillStyle = 'white'
      pen.fillRect((step += 8) % 600, 200, 40, 100)
    }, 40)
    const audio = new AudioContext()
    const oscillator = audio.createOscillator()
    oscillator.frequency.value = frequency
    const output = audio.createMediaStreamDestination()
    oscillator.connect(output)
    oscillator.start()
    const [video] = canvas.captureStream(25).getVideoTracks()
    const [sound] = output.stream.getAudioTracks()
    await crossroom.startLocalVideo({ track: video!, profile: '360p', view: 'me' })
    await crossroom.startLocalAudio({ track: sound! })
  }, hz)
}

/** Collects, for a while, how old an upright clock picture is whenever the browser shows a new one. Milliseconds. */
export function uprightClockAges(page: Page, selector: string, count: number): Promise<number[]> {
  return page.evaluate(
    ([query, wanted]) =>
      new Promise<number[]>((resolve) => {
        const video = document.querySelector<HTMLVideoElement>(query)!
        const canvas = document.createElement('canvas')
        const pen = canvas.getContext('2d', { willReadFrequently: true })!
        const ages: number[] = []
        const look = (): void => {
          const now = Date.now()
          canvas.width = video.videoWidth
          canvas.height = video.videoHeight
          pen.drawImage(video, 0, 0)
          const size = canvas.width / 20
          const bits = Array.from({ length: 40 }, (_, block) => {
            const x = Math.floor(((block % 20) + 0.5) * size)
            const y = Math.floor((Math.floor(block / 20) + 0.5) * size)
            return pen.getImageData(x, y, 1, 1).data[1]! > 127 ? 1 : 0
          })
          const byte = (index: number): number =>
            bits.slice(index * 8, index * 8 + 8).reduce<number>((sum, bit) => sum * 2 + bit, 0)
          const bytes = [0, 1, 2, 3].map(byte)
          if ((bytes.reduce((sum, each) => sum + each, 0) & 255) === byte(4)) {
            const clock = bytes.reduce((sum, each) => sum * 256 + each, 0)
            ages.push((((now - clock) % 2 ** 32) + 2 ** 32) % 2 ** 32)
          }
          if (ages.length >= wanted) resolve(ages)
          else video.requestVideoFrameCallback(look)
        }
        video.requestVideoFrameCallback(look)
      }),
    [selector, count] as const,
  )
}
