#include "udp_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

int64_t monotonic_micros(void) { return (int64_t)(uv_hrtime() / 1000); }

static bool set_option(int fd, int level, int name, int value) {
  return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* Arrival times and the address that was asked, as ancillary data. Options that a kernel lacks are done without. */
static void ask_for_details(const struct udp_socket *udp) {
#ifdef SO_TIMESTAMPNS
  set_option(udp->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
#endif
#ifdef SO_RXQ_OVFL
  set_option(udp->fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
#endif
  if (!udp->wildcard) return;
  if (udp->family == AF_INET)
    set_option(udp->fd, IPPROTO_IP, IP_PKTINFO, 1);
  else
    set_option(udp->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

static socklen_t parse_host(const char *host, uint16_t port, struct udp_tuple *bound) {
  memset(bound, 0, sizeof *bound);
  if (inet_pton(AF_INET, host, &bound->remote.v4.sin_addr) == 1) {
    bound->remote.v4.sin_family = AF_INET;
    bound->remote.v4.sin_port = htons(port);
    return sizeof bound->remote.v4;
  }
  if (inet_pton(AF_INET6, host, &bound->remote.v6.sin6_addr) != 1) return 0;
  bound->remote.v6.sin6_family = AF_INET6;
  bound->remote.v6.sin6_port = htons(port);
  return sizeof bound->remote.v6;
}

static bool is_wildcard(const struct udp_tuple *bound) {
  if (bound->remote.any.sa_family == AF_INET) return bound->remote.v4.sin_addr.s_addr == htonl(INADDR_ANY);
  return IN6_IS_ADDR_UNSPECIFIED(&bound->remote.v6.sin6_addr);
}

static bool bind_socket(struct udp_socket *udp, const struct udp_tuple *address, socklen_t length) {
  struct udp_tuple bound = *address;
  if (udp->family == AF_INET6) set_option(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, !udp->wildcard);
  if (fcntl(udp->fd, F_SETFD, FD_CLOEXEC) == -1 || fcntl(udp->fd, F_SETFL, O_NONBLOCK) == -1) return false;
  if (bind(udp->fd, &bound.remote.any, length) != 0 || getsockname(udp->fd, &bound.remote.any, &length) != 0) return false;
  udp->port = ntohs(udp->family == AF_INET ? bound.remote.v4.sin_port : bound.remote.v6.sin6_port);
  return true;
}

/* Beyond net.core.rmem_max, which is mostly 208 KiB or 90 packets, only who may administer the network. */
static void set_buffers(int fd, int receive, int send) {
#ifdef SO_RCVBUFFORCE
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, receive)) set_option(fd, SOL_SOCKET, SO_RCVBUF, receive);
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, send)) set_option(fd, SOL_SOCKET, SO_SNDBUF, send);
#else
  set_option(fd, SOL_SOCKET, SO_RCVBUF, receive);
  set_option(fd, SOL_SOCKET, SO_SNDBUF, send);
#endif
}

struct udp_socket *udp_socket_open(const char *host, uint16_t port, int receive_buffer, int send_buffer) {
  struct udp_tuple address;
  socklen_t length = parse_host(host, port, &address);
  if (length == 0) {
    errno = EINVAL;
    return NULL;
  }
  struct udp_socket *udp = calloc(1, sizeof *udp);
  if (!udp) return NULL;
  atomic_init(&udp->references, 1);
  udp->family = address.remote.any.sa_family;
  udp->wildcard = is_wildcard(&address);
  udp->fd = socket(udp->family, SOCK_DGRAM, 0);
  if (udp->fd >= 0 && bind_socket(udp, &address, length)) {
    set_buffers(udp->fd, receive_buffer, send_buffer);
    ask_for_details(udp);
    return udp;
  }
  int reason = errno;
  udp_socket_release(udp);
  errno = reason;
  return NULL;
}

void udp_socket_release(struct udp_socket *udp) {
  if (!udp || atomic_fetch_sub(&udp->references, 1) != 1) return;
  if (udp->fd >= 0) close(udp->fd);
  free(udp);
}

static int64_t micros_of(const struct timespec *time) { return (int64_t)time->tv_sec * 1000000 + time->tv_nsec / 1000; }

/* Reads the ancillary data of row `i`. The kernel stamps with the wall clock: `wall_to_monotonic` turns it. */
static void read_details(struct msghdr *message, struct udp_batch *batch, int i, int64_t wall_to_monotonic) {
  struct udp_tuple *tuple = &batch->tuples[i];
  for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control; control = CMSG_NXTHDR(message, control)) {
    const void *data = CMSG_DATA(control);
    if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo info;
      memcpy(&info, data, sizeof info);
      memcpy(tuple->local, &info.ipi_addr, sizeof info.ipi_addr);
    } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
      struct in6_pktinfo info;
      memcpy(&info, data, sizeof info);
      memcpy(tuple->local, &info.ipi6_addr, sizeof info.ipi6_addr);
#ifdef SO_TIMESTAMPNS
    } else if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_TIMESTAMPNS) {
      struct timespec stamp;
      memcpy(&stamp, data, sizeof stamp);
      batch->arrived_at[i] = micros_of(&stamp) + wall_to_monotonic;
#endif
#ifdef SO_RXQ_OVFL
    } else if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_RXQ_OVFL) {
      memcpy(&batch->kernel_dropped, data, sizeof batch->kernel_dropped);
#endif
    }
  }
}

#ifdef __linux__
typedef struct mmsghdr message_slot;

static int receive_many(int fd, message_slot *slots, int count) {
  return recvmmsg(fd, slots, (unsigned int)count, MSG_DONTWAIT, NULL);
}
#else
typedef struct {
  struct msghdr msg_hdr;
  unsigned int msg_len;
} message_slot;

static int receive_many(int fd, message_slot *slots, int count) {
  for (int i = 0; i < count; i++) {
    ssize_t length = recvmsg(fd, &slots[i].msg_hdr, MSG_DONTWAIT);
    if (length < 0) return i > 0 ? i : -1;
    slots[i].msg_len = (unsigned int)length;
  }
  return count;
}
#endif

/* One system call's worth. Returns how many datagrams it took off the socket. */
static int receive_call(struct udp_socket *udp, struct udp_batch *batch, int64_t wall_to_monotonic, int64_t now) {
  message_slot slots[UDP_CALL_ROWS];
  struct iovec vectors[UDP_CALL_ROWS];
  _Alignas(struct cmsghdr) uint8_t controls[UDP_CALL_ROWS][UDP_CONTROL_BYTES];
  int first = batch->count, room = UDP_BATCH_ROWS - first;
  int most = first == 0 ? UDP_FIRST_CALL_ROWS : UDP_CALL_ROWS;
  if (room > most) room = most;
  memset(slots, 0, sizeof(message_slot) * (size_t)room);
  for (int i = 0; i < room; i++) {
    vectors[i] = (struct iovec){batch->bytes + (size_t)(first + i) * UDP_ROW_BYTES, UDP_ROW_BYTES};
    struct msghdr *header = &slots[i].msg_hdr;
    header->msg_name = &batch->tuples[first + i].remote;
    header->msg_namelen = sizeof batch->tuples[0].remote;
    header->msg_iov = &vectors[i];
    header->msg_iovlen = 1;
    header->msg_control = controls[i];
    header->msg_controllen = UDP_CONTROL_BYTES;
    memset(batch->tuples[first + i].local, 0, sizeof batch->tuples[0].local);
  }
  int received = receive_many(udp->fd, slots, room);
  for (int i = 0; i < received; i++) {
    batch->arrived_at[first + i] = now;
    read_details(&slots[i].msg_hdr, batch, first + i, wall_to_monotonic);
    bool whole = !(slots[i].msg_hdr.msg_flags & MSG_TRUNC);
    batch->lengths[first + i] = whole ? (uint16_t)slots[i].msg_len : 0;
    batch->truncated += !whole;
  }
  if (received > 0) batch->count += received;
  return received;
}

bool udp_socket_receive(struct udp_socket *udp, struct udp_batch *batch) {
  struct timespec wall;
  clock_gettime(CLOCK_REALTIME, &wall);
  int64_t now = monotonic_micros();
  batch->count = 0;
  while (batch->count < UDP_BATCH_ROWS) {
    int before = batch->count;
    int received = receive_call(udp, batch, now - micros_of(&wall), now);
    if (received < (before == 0 ? UDP_FIRST_CALL_ROWS : UDP_CALL_ROWS)) return false;
  }
  return true;
}

void udp_message_to(const struct udp_socket *udp, const struct udp_tuple *tuple, struct msghdr *message, uint8_t *control) {
  message->msg_name = (void *)&tuple->remote;
  message->msg_namelen = udp->family == AF_INET ? sizeof tuple->remote.v4 : sizeof tuple->remote.v6;
  message->msg_control = NULL;
  message->msg_controllen = 0;
  if (!udp->wildcard) return;
  message->msg_control = control;
  struct cmsghdr *header = (struct cmsghdr *)(void *)control;
  if (udp->family == AF_INET) {
    struct in_pktinfo info = {0};
    memcpy(&info.ipi_spec_dst, tuple->local, sizeof info.ipi_spec_dst);
    *header = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
    memcpy(CMSG_DATA(header), &info, sizeof info);
    message->msg_controllen = CMSG_SPACE(sizeof info);
  } else {
    struct in6_pktinfo info = {0};
    memcpy(&info.ipi6_addr, tuple->local, sizeof info.ipi6_addr);
    *header = (struct cmsghdr){.cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof info)};
    memcpy(CMSG_DATA(header), &info, sizeof info);
    message->msg_controllen = CMSG_SPACE(sizeof info);
  }
}

int udp_socket_send(const struct udp_socket *udp, const struct udp_tuple *tuple, const uint8_t *bytes, size_t length) {
  _Alignas(struct cmsghdr) uint8_t control[UDP_CONTROL_BYTES] = {0};
  struct iovec vector = {(void *)bytes, length};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  udp_message_to(udp, tuple, &message, control);
  return sendmsg(udp->fd, &message, MSG_DONTWAIT) >= 0 ? 0 : errno;
}

bool udp_tuple_parse(const struct udp_socket *udp, const char *ip, uint16_t port, struct udp_tuple *tuple) {
  if (parse_host(ip, port, tuple) == 0) return false;
  int family = tuple->remote.any.sa_family;
  if (family == udp->family) return true;
  if (family != AF_INET || !udp->wildcard) return false;
  struct in_addr v4 = tuple->remote.v4.sin_addr;
  memset(tuple, 0, sizeof *tuple);
  tuple->remote.v6.sin6_family = AF_INET6;
  tuple->remote.v6.sin6_port = htons(port);
  tuple->remote.v6.sin6_addr.s6_addr[10] = tuple->remote.v6.sin6_addr.s6_addr[11] = 0xff;
  memcpy(&tuple->remote.v6.sin6_addr.s6_addr[12], &v4, sizeof v4);
  memcpy(tuple->local, &tuple->remote.v6.sin6_addr, 12); /* any IPv4 address of ours */
  return true;
}

int udp_tuple_format(const struct udp_tuple *tuple, char *ip, uint16_t *port) {
  if (tuple->remote.any.sa_family == AF_INET) {
    *port = ntohs(tuple->remote.v4.sin_port);
    inet_ntop(AF_INET, &tuple->remote.v4.sin_addr, ip, INET6_ADDRSTRLEN);
    return 4;
  }
  const struct in6_addr *address = &tuple->remote.v6.sin6_addr;
  *port = ntohs(tuple->remote.v6.sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(address)) {
    inet_ntop(AF_INET, &address->s6_addr[12], ip, INET6_ADDRSTRLEN);
    return 4;
  }
  inet_ntop(AF_INET6, address, ip, INET6_ADDRSTRLEN);
  return 6;
}
