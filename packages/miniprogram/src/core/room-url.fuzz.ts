import { parseRoomUrl, RoomUrlError } from './room-url.js'

const SEEDS = [
  'room://cloud.tencent.com?sdkappid=1&roomid=5&userid=a&roomsig=%7B%22userSig%22%3A%22x%22%2C%22signal%22%3A%22wss%3A%2F%2Fa%22%7D',
  'room://192.168.1.5:8080?strroomid=room-a&userid=me&usersig=a%2Ab&privatemapkey=k&tls=1',
  'room://[::1]:8080/rtc?roomid=4294967295&userid=a&streamtype=aux',
]

/** Whatever an app or a link hands in: an address that can be connected to, or a sentence. */
export const fuzzTargets = [
  {
    name: 'room-url',
    seeds: (): Uint8Array[] => SEEDS.map((seed) => new TextEncoder().encode(seed)),
    run: (input: Uint8Array): void => {
      const text = new TextDecoder().decode(input)
      try {
        const address = parseRoomUrl(text)
        if (!/^wss?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?(\/[^?#]*)?\/signal$/i.test(address.signalUrl)) {
          throw new Error(`Not an address of a server: ${address.signalUrl}`)
        }
        if (address.userId === '' || address.roomId === '') throw new Error('An entry without user or room')
      } catch (problem) {
        if (!(problem instanceof RoomUrlError)) throw problem
      }
    },
  },
]
