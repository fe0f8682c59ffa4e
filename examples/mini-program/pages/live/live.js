const { complain, entryFor } = require('../../signature')

/** Link-mic: a viewer asks, the owner answers, and who is accepted sends until either side ends it. */
Page({
  data: { entry: {}, role: 'audience', started: false, speaking: false, note: '' },

  onLoad(options) {
    wx.setKeepScreenOn({ keepScreenOn: true })
    entryFor(options).then((entry) => this.setData({ entry }), complain)
  },

  room() {
    return this.selectComponent('#room')
  },

  goLive() {
    this.start('anchor')
  },

  watch() {
    this.start('audience')
  },

  start(role) {
    this.setData({ role, started: true }, () => this.room().start())
  },

  ask() {
    this.setData({ note: 'Asking …' })
    this.room().request('mic.request', {}).catch(complain)
  },

  beQuiet() {
    this.room().request('mic.remove', { userId: this.data.entry.userID }).catch(complain)
  },

  onNotification({ detail: { method, params } }) {
    if (method === 'mic.requested') this.decide(params)
    if (method === 'mic.answered') this.setData({ note: params.accepted ? 'You are on' : 'Not now' })
    if (method === 'room.roleChanged' && params.userId === this.data.entry.userID) {
      this.setData({ speaking: this.data.role === 'audience' && params.role === 'anchor' })
    }
  },

  decide({ userId, userName }) {
    wx.showModal({
      title: `${userName || userId} would like to speak`,
      confirmText: 'Accept',
      cancelText: 'Not now',
      success: ({ confirm }) => {
        this.room().request('mic.answer', { userId, accept: confirm }).catch(complain)
      },
    })
  },

  onRoomEvent({ detail: { tag, code, detail } }) {
    // The phone took the camera for something else; the component comes back with the page.
    if (code === 'EXIT_ROOM') return
    if (tag === 'error') {
      this.room().stop()
      this.setData({ started: false, speaking: false })
      complain(new Error(detail))
    } else if (code === 'PUBLISH_LIVE') {
      this.setData({ note: 'Others see and hear you' })
    }
  },

  end() {
    this.room().stop()
    wx.navigateBack()
  },
})
