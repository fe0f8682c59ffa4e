// A page in a room that sends the picture with a clock of the simulator (packages/simulator/src/picture) and reads it back.

/** Opens a page with the SDK at the origin of a server; a PeerConnection needs no more. */
export async function openClockPage(browser, origin) {
  const page = await browser.newPage()
  // A page that is really the server's: from one that was made up Chromium opens no connection to a local network.
  await page.goto(`${origin}/healthz`)
  await page.evaluate(install, `${origin}/sdk/crossroom.js`)
  return {
    /** Enters and sends clock and tone. */
    send: (roomId, userId) => page.evaluate(([room, user]) => globalThis.bench.send(room, user), [roomId, userId]),
    /** Ages of somebody's pictures as they are shown, milliseconds, for so many seconds. */
    ages: (userId, seconds) => page.evaluate(([user, time]) => globalThis.bench.ages(user, time), [userId, seconds]),
    /** Enters as somebody else who only watches; milliseconds from there to the first picture of `userId`. */
    join: (roomId, name, userId) =>
      page.evaluate(([room, self, user]) => globalThis.bench.join(room, self, user), [roomId, name, userId]),
  }
}

/** Runs in the page. */
async function install(sdk) {
  const { AudioContext, document, requestAnimationFrame } = globalThis
  const { Crossroom } = await import(sdk)
  const PIXELS = 16
  const BLOCKS = 40
  let room

  function draw(pen, step) {
    const now = Date.now() % 2 ** 32
    const bytes = [24, 16, 8, 0].map((shift) => Math.floor(now / 2 ** shift) & 255)
    bytes.push(bytes.reduce((sum, byte) => sum + byte, 0) & 255)
    pen.fillStyle = '#456'
    pen.fillRect(0, 0, 640, 360)
    pen.fillStyle = 'white'
    pen.fillRect((step * 8) % 600, 200, 40, 100)
    for (let block = 0; block < BLOCKS; block++) {
      pen.fillStyle = (bytes[block >> 3] >> (7 - (block & 7))) & 1 ? 'white' : 'black'
      pen.fillRect(block * PIXELS, 0, PIXELS, PIXELS)
    }
  }

  function tone() {
    const audio = new AudioContext()
    const oscillator = audio.createOscillator()
    const output = audio.createMediaStreamDestination()
    oscillator.connect(output)
    oscillator.start()
    return output.stream.getAudioTracks()[0]
  }

  async function send(roomId, userId) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 })
    const pen = canvas.getContext('2d')
    let step = 0
    setInterval(() => draw(pen, step++), 40)
    room = Crossroom.create()
    await room.enterRoom({ roomId, userId })
    await room.startLocalVideo({ track: canvas.captureStream(25).getVideoTracks()[0], profile: '360p' })
    await room.startLocalAudio({ track: tone() })
  }

  function viewOf(session, userId) {
    const view = document.createElement('div')
    view.style.cssText = 'width:360px;height:640px'
    document.body.append(view)
    void session.startRemoteVideo({ userId, streamType: 'main', view })
    return view
  }

  async function videoIn(view) {
    for (;;) {
      const video = view.querySelector('video')
      if (video !== null) return video
      await new Promise((resolve) => requestAnimationFrame(resolve))
    }
  }

  async function ages(userId, seconds) {
    const video = await videoIn(viewOf(room, userId))
    const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    const found = []
    const until = performance.now() + seconds * 1000
    while (performance.now() < until) {
      await new Promise((resolve) => video.requestVideoFrameCallback(resolve))
      const now = Date.now()
      const age = now - clockIn(video, pen, now)
      if (Number.isFinite(age)) found.push(age)
    }
    return found
  }

  /** The clock of an upright picture: two rows of twenty blocks. NaN when there is none. */
  function clockIn(video, pen, now) {
    const size = video.videoWidth / 20
    pen.canvas.width = video.videoWidth
    pen.canvas.height = Math.ceil(2 * size)
    pen.drawImage(video, 0, 0)
    const bytes = [0, 0, 0, 0, 0]
    for (let block = 0; block < BLOCKS; block++) {
      const x = Math.floor(((block % 20) + 0.5) * size)
      const y = Math.floor((Math.floor(block / 20) + 0.5) * size)
      const bit = pen.getImageData(x, y, 1, 1).data[1] > 127 ? 1 : 0
      bytes[block >> 3] = bytes[block >> 3] * 2 + bit
    }
    const sum = bytes[0] + bytes[1] + bytes[2] + bytes[3]
    if ((sum & 255) !== bytes[4]) return NaN
    const clock = bytes.slice(0, 4).reduce((value, byte) => value * 256 + byte, 0)
    return now - ((((now - clock) % 2 ** 32) + 2 ** 32) % 2 ** 32)
  }

  async function join(roomId, self, userId) {
    const from = performance.now()
    const session = Crossroom.create()
    await session.enterRoom({ roomId, userId: self, role: 'audience' })
    const view = viewOf(session, userId)
    const video = await videoIn(view)
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve))
    const passed = performance.now() - from
    await session.exitRoom()
    view.remove()
    return passed
  }

  globalThis.bench = { send, ages, join }
}
