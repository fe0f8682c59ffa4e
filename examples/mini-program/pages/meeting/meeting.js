const { complain, entryFor } = require('../../signature')

const TEMPLATES = ['grid', 'bigsmall', 'float', '1u3d', '1l3r']

Page({
  data: { entry: {}, muted: false, template: 'grid', lines: [], draft: '' },

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
    if (tag !== 'error') return
    this.room().stop()
    complain(new Error(detail))
  },

  onIMEvent({ detail: { tag, detail } }) {
    if (tag !== 'big_group_msg_notify') return
    for (const { id, fromAccount, content } of detail) this.show({ id, who: fromAccount, text: content })
  },

  write({ detail }) {
    this.setData({ draft: detail.value })
  },

  say() {
    const text = this.data.draft.trim()
    if (text === '') return
    this.room().sendGroupTextMsg(text, ({ messageId }) => this.show({ id: messageId, who: 'me', text }), complain)
    this.setData({ draft: '' })
  },

  show(line) {
    this.setData({ lines: [...this.data.lines.slice(-99), line] })
  },

  toggleMicrophone() {
    this.setData({ muted: !this.data.muted })
  },

  /** Only the arrangement changes: nobody's picture is interrupted. */
  changeTemplate() {
    const next = TEMPLATES[(TEMPLATES.indexOf(this.data.template) + 1) % TEMPLATES.length]
    this.setData({ template: next })
  },

  end() {
    this.room().stop()
    wx.navigateBack()
  },
})
