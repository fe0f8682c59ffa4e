const { complain, entryFor } = require('../../signature')

Page({
  data: { entry: {}, muted: false, camera: true, note: 'Connecting …' },

  onLoad(options) {
    wx.setKeepScreenOn({ keepScreenOn: true })
    entryFor(options).then((entry) => this.setData({ entry }, () => this.room().start()), complain)
  },

  room() {
    return this.selectComponent('#room')
  },

  onRoomEvent({ detail: { tag, code, detail } }) {
    // The phone took the camera for something else; the component comes back with the page.
    if (code === 'EXIT_ROOM') return
    if (tag === 'error') {
      this.room().stop()
      complain(new Error(detail))
    } else if (code === 12) {
      const others = JSON.parse(detail).userlist.length
      this.setData({ note: others === 0 ? 'Waiting for the other' : '' })
    }
  },

  toggleMicrophone() {
    this.setData({ muted: !this.data.muted })
  },

  toggleCamera() {
    this.setData({ camera: !this.data.camera })
  },

  switchCamera() {
    this.room().switchCamera()
  },

  end() {
    this.room().stop()
    wx.navigateBack()
  },
})
