/* The port behind a JavaScript handle, for the egress that sends on its socket. */
#ifndef CROSSROOM_JS_UDP_H
#define CROSSROOM_JS_UDP_H

#include "udp_address.h"
#include "udp_socket.h"

struct js_udp_port;

struct udp_socket *js_udp_socket(struct js_udp_port *port);
const struct udp_addresses *js_udp_addresses(struct js_udp_port *port);

#endif
