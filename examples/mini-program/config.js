// Your server. While you try it: the address that `npm start` prints, in the same Wi-Fi as the phone. The pages use
// `appsecret` nowhere: signatures are made by a server, never in a Mini Program.
module.exports = {
  server: 'http://192.168.1.5:8080',
}
