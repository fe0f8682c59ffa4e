"""An RTSP server that takes ANNOUNCE and RECORD at /record, into a Matroska file. Options come as JSON; prints {"port": N} when it listens."""
import json
import sys

import gi

gi.require_version('Gst', '1.0')
gi.require_version('GstRtspServer', '1.0')
gi.require_version('GstRtsp', '1.0')
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer

Gst.init(None)
options = json.loads(sys.argv[1])
server = GstRtspServer.RTSPServer()
server.set_address('127.0.0.1')
server.set_service('0')
factory = GstRtspServer.RTSPMediaFactory()
factory.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
factory.set_latency(0)
factory.set_launch(
    '( matroskamux name=mux streamable=true ! filesink async=false location=%s '
    'rtp%sdepay name=depay0 ! %sparse ! mux. rtpmp4gdepay name=depay1 ! aacparse ! mux. )'
    % (options['file'], options.get('video', 'h264'), options.get('video', 'h264')))
auth = GstRtspServer.RTSPAuth()
token = GstRtspServer.RTSPToken()
token.set_string('media.factory.role', 'user')
auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
auth.add_digest(options['user'], options['password'], token)
permissions = GstRtspServer.RTSPPermissions()
permissions.add_permission_for_role('user', 'media.factory.access', True)
permissions.add_permission_for_role('user', 'media.factory.construct', True)
factory.set_permissions(permissions)
server.set_auth(auth)
server.get_mount_points().add_factory('/record', factory)
server.attach(None)
print(json.dumps({'port': server.get_bound_port()}), flush=True)
GLib.MainLoop().run()
