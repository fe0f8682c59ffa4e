const { server } = require('./config')

/**
 * Who may enter which room is signed by a server. Here it is Crossroom's own demo (`--demo`, or no secret at all); in
 * production ask your own server, which knows your users and calls `crossroom token` or a library of its language.
 */
function signatureFor(userId, roomId) {
  return new Promise((resolve, reject) => {
    wx.request({
      url: `${server}/api/v1/demo/token`,
      method: 'POST',
      data: { userId, roomId },
      success: ({ statusCode, data }) => {
        if (statusCode === 200) resolve(data)
        else reject(new Error(data.message || `The server answered ${statusCode}`))
      },
      fail: ({ errMsg }) => reject(new Error(`${server} does not answer: ${errMsg}`)),
    })
  })
}

/** The properties of `<webrtc-room>` for one user in one room. */
function entryFor({ userId, roomId }) {
  return signatureFor(userId, roomId).then(({ sdkAppId, userSig, privateMapKey }) => ({
    server,
    userID: userId,
    roomID: roomId,
    sdkAppID: sdkAppId || 0,
    userSig: userSig || '',
    privateMapKey: privateMapKey || '',
  }))
}

function complain(problem) {
  wx.showModal({ title: 'That did not work', content: problem.message || String(problem), showCancel: false })
}

module.exports = { complain, entryFor, signatureFor }
