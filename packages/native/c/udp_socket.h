/* One UDP socket: batches in with the kernel's arrival times, datagrams out from the address that was asked. */
#ifndef CROSSROOM_UDP_SOCKET_H
#define CROSSROOM_UDP_SOCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "udp_address.h"

enum {
  UDP_ROW_BYTES = 2048,    /* largest datagram that is received */
  UDP_BATCH_ROWS = 256,    /* handed to JavaScript at once */
  UDP_CALL_ROWS = 64,      /* received or sent by one system call */
  UDP_FIRST_CALL_ROWS = 8, /* most wake-ups are about a few: preparing rows costs too */
  UDP_CONTROL_BYTES = 128, /* ancillary data of one message */
};

/* Counted: the port and each egress hold a reference; the last one closes the descriptor. */
struct udp_socket {
  atomic_int references;
  int fd;
  int family;    /* AF_INET or AF_INET6 */
  bool wildcard; /* bound to every address: the source of an answer has to be set */
  uint16_t port;
};

/* NULL with errno set. `host` is an IPv4 or IPv6 literal. */
struct udp_socket *udp_socket_open(const char *host, uint16_t port, int receive_buffer, int send_buffer);
void udp_socket_release(struct udp_socket *udp);

struct udp_batch {
  int count;
  uint8_t *bytes; /* UDP_BATCH_ROWS rows of UDP_ROW_BYTES */
  uint16_t *lengths;
  struct udp_tuple tuples[UDP_BATCH_ROWS];
  int64_t arrived_at[UDP_BATCH_ROWS]; /* microseconds, monotonic */
  uint64_t truncated;
  uint32_t kernel_dropped; /* total of the socket */
};

/* Fills `batch` with what waits, without blocking. True when more may be waiting. */
bool udp_socket_receive(struct udp_socket *udp, struct udp_batch *batch);

/* Fills `message` with address and source of one datagram; `control` has UDP_CONTROL_BYTES. */
void udp_message_to(const struct udp_socket *udp, const struct udp_tuple *tuple, struct msghdr *message, uint8_t *control);

/* 0, or the errno. */
int udp_socket_send(const struct udp_socket *udp, const struct udp_tuple *tuple, const uint8_t *bytes, size_t length);

/* The tuple of an address in text; false when it is none, or not of the socket's family. */
bool udp_tuple_parse(const struct udp_socket *udp, const char *ip, uint16_t port, struct udp_tuple *tuple);
/* Family 4 or 6, text of the remote address (at least INET6_ADDRSTRLEN) and its port. */
int udp_tuple_format(const struct udp_tuple *tuple, char *ip, uint16_t *port);

/* The clock of process.hrtime in microseconds. */
int64_t monotonic_micros(void);

#endif
