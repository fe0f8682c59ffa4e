const { Client } = require('@crossroom/miniprogram')
const { server } = require('../../config')
const { complain, signatureFor } = require('../../signature')

/** The headless client with an interface of one's own: a wall of everybody, sound of the one that was tapped. */
Page({
  data: { streams: [], note: 'Connecting …' },

  onLoad({ userId, roomId }) {
    const client = new Client({ server })
    this.client = client
    client.on('stream-added', (stream) => this.add(stream))
    client.on('stream-removed', ({ uid, streamType }) => {
      const key = `${uid}-${streamType}`
      this.setData({ streams: this.data.streams.filter((stream) => stream.key !== key) })
    })
    client.on('update-url', ({ uid, streamType, url }) => this.change(`${uid}-${streamType}`, { url }))
    client.on('connection-state-change', ({ state }) => this.setData({ note: state === 'connected' ? '' : state }))
    client.on('error', ({ reason }) => complain(new Error(reason)))
    signatureFor(userId, roomId)
      .then((signature) => client.join({ ...signature, roomId, userId, role: 'audience' }))
      .catch(complain)
  },

  onUnload() {
    this.client.destroy()
  },

  add({ uid, streamType }) {
    this.client.subscribe(uid, streamType).then(({ url }) => {
      const stream = { key: `${uid}-${streamType}`, uid, streamType, url, heard: false, figures: '' }
      this.setData({ streams: [...this.data.streams, stream] })
    }, complain)
  },

  change(key, patch) {
    const index = this.data.streams.findIndex((stream) => stream.key === key)
    if (index < 0) return
    for (const [name, value] of Object.entries(patch)) this.setData({ [`streams[${index}].${name}`]: value })
  },

  find(event) {
    const { key } = event.currentTarget.dataset
    return this.data.streams.find((stream) => stream.key === key)
  },

  onState(event) {
    const stream = this.find(event)
    if (stream) this.client.updatePlayerStateChange(stream.uid, event.detail, stream.streamType)
  },

  onNetstatus(event) {
    const stream = this.find(event)
    if (!stream) return
    const { videoWidth = 0, videoHeight = 0, videoFPS = 0, netSpeed = 0 } = event.detail.info
    this.change(stream.key, { figures: `${videoWidth}×${videoHeight} ${videoFPS} fps ${netSpeed} kbit/s` })
    this.client.updatePlayerNetStatus(stream.uid, event.detail)
  },

  listen(event) {
    const heard = this.find(event)
    const streams = this.data.streams.map((stream) => ({ ...stream, heard: stream === heard && !stream.heard }))
    this.setData({ streams })
  },

  end() {
    wx.navigateBack()
  },
})
