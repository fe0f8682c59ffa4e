// The other end of egress.mjs: takes datagrams off sockets and throws them away, so that its CPU is not the server's.
import { NativeEngine } from '../dist/index.js'

const engine = new NativeEngine()
const ports = Array.from({ length: Number(process.argv[2]) }, () => engine.udp.open({ host: '127.0.0.1', port: 0 }))
for (const port of ports) port.start(() => undefined)

process.send({ ports: ports.map(({ port }) => port) })
process.on('message', () => {
  const counters = ports.map((port) => port.counters())
  const sum = (pick) => counters.reduce((total, row) => total + pick(row), 0)
  process.send({ received: sum((row) => row.receivedPackets), dropped: sum((row) => row.kernelDropped) })
  process.disconnect()
  engine.close()
})
