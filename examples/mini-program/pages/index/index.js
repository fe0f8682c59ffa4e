const { server } = require('../../config')

Page({
  data: {
    server,
    userId: `phone${Math.floor(Math.random() * 10000)}`,
    roomId: 'demo',
    scenes: [
      { page: 'call', title: 'Call one other' },
      { page: 'meeting', title: 'Meet with three others' },
      { page: 'live', title: 'Go live, viewers may speak' },
      { page: 'monitor', title: 'Watch everybody in the room' },
    ],
  },

  // An invitation of the call page opens this one with the room in it.
  onLoad({ roomId }) {
    if (roomId) this.setData({ roomId })
  },

  setUser({ detail }) {
    this.setData({ userId: detail.value })
  },

  setRoom({ detail }) {
    this.setData({ roomId: detail.value })
  },

  enter({ currentTarget }) {
    const { userId, roomId } = this.data
    const { page } = currentTarget.dataset
    wx.navigateTo({ url: `/pages/${page}/${page}?userId=${userId}&roomId=${roomId}` })
  },
})
