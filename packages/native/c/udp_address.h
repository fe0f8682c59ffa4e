/* Numbers for pairs of remote and local address, so that JavaScript handles one small integer per datagram. */
#ifndef CROSSROOM_UDP_ADDRESS_H
#define CROSSROOM_UDP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

/* Both in the socket's family; IPv4 on a dual-stack socket is mapped (::ffff:a.b.c.d). */
struct udp_tuple {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } remote;
  uint8_t local[16]; /* the address that was asked; IPv4 in the first four; zero when the socket has only one */
};

struct srtp_inbound;
struct udp_addresses;

struct udp_addresses *udp_addresses_new(void);
void udp_addresses_free(struct udp_addresses *addresses);

/* The number of a tuple, 1 to 2^31 - 1, the same while it is pinned or in use; 0 when every place for it is pinned. */
uint32_t udp_addresses_intern(struct udp_addresses *addresses, const struct udp_tuple *tuple);
/* NULL when the number was given to another pair since. */
const struct udp_tuple *udp_addresses_find(const struct udp_addresses *addresses, uint32_t number);
void udp_addresses_pin(struct udp_addresses *addresses, uint32_t number);
void udp_addresses_unpin(struct udp_addresses *addresses, uint32_t number);

/* What opens the media of a number from now on: a reference is held until another is set, NULL too, or the number is lost. */
void udp_addresses_set_inbound(struct udp_addresses *addresses, uint32_t number, struct srtp_inbound *inbound);
struct srtp_inbound *udp_addresses_inbound(const struct udp_addresses *addresses, uint32_t number);

#endif
