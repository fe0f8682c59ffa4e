"""An IP camera: GStreamer's RTSP server with one stream, /cam. Options come as JSON; prints {"port": N} when it listens."""
import json
import os
import sys

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
gi.require_version('GstRtsp', '1.0')
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer

Gst.init(None)
options = json.loads(sys.argv[1])
gop, fps, kbps = options.get('gop', 25), options.get('fps', 25), options.get('kbps', 500)
size = 'video/x-raw,format=I420,width=%d,height=%d,framerate=%d/1' % (options.get('width', 640), options.get('height', 360), fps)
x264 = 'x264enc tune=zerolatency speed-preset=ultrafast key-int-max=%d bitrate=%d' % (gop, kbps)
VIDEO = {
    'h264': x264 + ' ! h264parse ! rtph264pay config-interval=-1',
    'h264-one-slice': x264 + ' sliced-threads=false ! h264parse ! rtph264pay config-interval=-1',
    'h264-b': 'x264enc bframes=2 b-adapt=false speed-preset=ultrafast rc-lookahead=0 key-int-max=%d bitrate=%d ! h264parse ! rtph264pay config-interval=-1' % (gop, kbps),
    'h265': 'x265enc tune=zerolatency speed-preset=ultrafast key-int-max=%d bitrate=%d ! h265parse ! rtph265pay config-interval=-1' % (gop, kbps),
    'mjpeg': 'jpegenc ! rtpjpegpay',
}
AUDIO = {
    'aac': 'audio/x-raw,rate=44100,channels=1 ! voaacenc ! aacparse ! rtpmp4gpay',
    'opus': 'audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay',
    'pcmu': 'audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay',
    'pcma': 'audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay',
}
parts = []
if options.get('video', 'h264'):
    pay = VIDEO[options.get('video', 'h264')]
    parts.append('videotestsrc is-live=true pattern=ball ! %s ! %s name=pay%d pt=96' % (size, pay, len(parts)))
if options.get('audio'):
    parts.append('audiotestsrc is-live=true wave=ticks ! %s name=pay%d pt=%s' % (
        AUDIO[options['audio']], len(parts), {'pcmu': '0', 'pcma': '8'}.get(options['audio'], '97')))

server = GstRtspServer.RTSPServer()
server.set_address('127.0.0.1')
server.set_service(str(options.get('port', 0)))
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch('( %s )' % ' '.join(parts))
factory.set_shared(True)
if 'transport' in options:
    factory.set_protocols({'tcp': GstRtsp.RTSPLowerTrans.TCP, 'udp': GstRtsp.RTSPLowerTrans.UDP}[options['transport']])
if 'user' in options or 'cert' in options:
    auth = GstRtspServer.RTSPAuth()
    if 'cert' in options:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(options['cert'], options['key']))
    if 'user' in options:
        token = GstRtspServer.RTSPToken()
        token.set_string('media.factory.role', 'user')
        if options.get('auth') == 'digest':
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(options['user'], options['password'], token)
        else:
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(options['user'], options['password']), token)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role('user', 'media.factory.access', True)
        permissions.add_permission_for_role('user', 'media.factory.construct', True)
        factory.set_permissions(permissions)
    else:
        token = GstRtspServer.RTSPToken()
        token.set_string('media.factory.role', 'anyone')
        auth.set_default_token(token)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role('anyone', 'media.factory.access', True)
        permissions.add_permission_for_role('anyone', 'media.factory.construct', True)
        factory.set_permissions(permissions)
    server.set_auth(auth)
for path in options.get('paths', ['/cam']):
    server.get_mount_points().add_factory(path, factory)
server.attach(None)
print(json.dumps({'port': server.get_bound_port()}), flush=True)
GLib.MainLoop().run()
