"""A WebRTC peer of other make (aiortc): `aiortc-peer.py play|publish|publish-g711 URL SECONDS`. Prints how many frames came as JSON."""

import asyncio
import fractions
import json
import sys
import time
import urllib.error
import urllib.request

import aioice.ice
import av
import numpy
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError

# It leaves out loopback by itself, where the tests are.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

SAMPLE_RATE = 48000


class MovingPicture(VideoStreamTrack):
    """640×360, a bar that moves."""

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        picture = numpy.full((360, 640, 3), 90, dtype=numpy.uint8)
        left = (pts // 3000 * 8) % 576
        picture[120:240, left : left + 64] = 235
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(AudioStreamTrack):
    """440 Hz in frames of 20 ms."""

    def __init__(self):
        super().__init__()
        self.samples = 0
        self.startedAt = None

    async def recv(self):
        self.startedAt = self.startedAt or time.time()
        await asyncio.sleep(max(0, self.startedAt + self.samples / SAMPLE_RATE - time.time()))
        count = SAMPLE_RATE // 50
        turn = 2 * numpy.pi * 440 / SAMPLE_RATE
        wave = 8000 * numpy.sin(turn * numpy.arange(self.samples, self.samples + count))
        frame = av.AudioFrame.from_ndarray(wave.astype(numpy.int16).reshape(1, -1), format="s16", layout="mono")
        frame.pts, frame.sample_rate, frame.time_base = self.samples, SAMPLE_RATE, fractions.Fraction(1, SAMPLE_RATE)
        self.samples += count
        return frame


def watch(connection, seen):
    async def consume(track):
        try:
            while True:
                frame = await track.recv()
                seen[track.kind] += 1
                if track.kind == "video":
                    seen["size"] = [frame.width, frame.height]
        except MediaStreamError:
            seen["ended"] = True

    @connection.on("track")
    def handle_track(track):
        asyncio.ensure_future(consume(track))


async def main(what, url, seconds):
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    seen = {"audio": 0, "video": 0}
    if what == "play":
        watch(connection, seen)
        connection.addTransceiver("video", direction="recvonly")
        connection.addTransceiver("audio", direction="recvonly")
    else:
        connection.addTrack(MovingPicture())
        connection.addTrack(Tone())
    if what == "publish-g711":
        codecs = RTCRtpSender.getCapabilities("audio").codecs
        speech = [codec for codec in codecs if codec.mimeType in ("audio/PCMU", "audio/PCMA")]
        connection.getTransceivers()[1].setCodecPreferences(speech)
    await connection.setLocalDescription(await connection.createOffer())
    offer = connection.localDescription.sdp.encode()
    request = urllib.request.Request(url, offer, {"Content-Type": "application/sdp"})
    try:
        with urllib.request.urlopen(request) as response:
            answer = response.read().decode()
    except urllib.error.HTTPError as refusal:
        print(json.dumps({"status": refusal.code, "reason": refusal.read().decode()}))
        await connection.close()
        return
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await asyncio.sleep(seconds)
    seen["state"] = connection.connectionState
    print(json.dumps(seen))
    await connection.close()


asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
