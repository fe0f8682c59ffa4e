/* Packets gathered into few system calls: sendmmsg, and where the kernel has it UDP segmentation offload. */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "egress_parts.h"

#ifdef __linux__
#include <netinet/udp.h>
#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103 /* Linux 4.18 */
#endif
typedef struct mmsghdr message_slot;
#else
typedef struct {
  struct msghdr msg_hdr;
  unsigned int msg_len;
} message_slot;
#endif

enum {
  PACKET_ROOM = EGRESS_MAX_PAYLOAD + RTP_MAX_HEADER + 2 + SRTP_MAX_TRAILER,
  SEND_PATIENCE = 2,               /* milliseconds that a full socket buffer is waited for, then packets are lost */
  UNREACHABLE_EVERY = 1000 * 1000, /* microseconds between two tellings */
  EINVAL_LIMIT = 16,               /* super-packets refused by paths until the socket itself is suspected */
};

uint8_t *batch_room(struct egress *egress) {
  if (egress->batch.used + PACKET_ROOM > ARENA_BYTES) batch_flush(egress);
  return egress->batch.arena + egress->batch.used;
}

/* A packet continues a message when it follows it in the arena, for the same destination, with the same size or as a
 * shorter last. */
static bool extends(const struct egress *egress, const struct message *last, const struct destination *destination, size_t length,
                    bool counted) {
  return atomic_load_explicit(&egress->segmentation, memory_order_relaxed) && !destination->no_segmentation &&
         last->destination == destination && !last->complete && last->counted == counted && length <= last->segment &&
         last->segments < GSO_MAX_SEGMENTS && last->length + length <= GSO_MAX_BYTES;
}

void batch_add(struct egress *egress, struct destination *destination, size_t length, bool counted, uint16_t transport) {
  struct batch *batch = &egress->batch;
  struct message *last = batch->count ? &batch->messages[batch->count - 1] : NULL;
  if (last && extends(egress, last, destination, length, counted)) {
    last->length += length;
    last->segments++;
    last->complete = length < last->segment;
    batch->used += length;
    return;
  }
  if (batch->count == BATCH_MESSAGES) {
    size_t start = batch->used;
    batch_flush(egress);
    memmove(batch->arena, batch->arena + start, length);
  }
  batch->messages[batch->count++] = (struct message){.destination = destination,
                                                     .start = batch->used,
                                                     .length = length,
                                                     .segment = length,
                                                     .segments = 1,
                                                     .counted = counted,
                                                     .first_transport = transport};
  batch->used += length;
}

static void lost(struct egress *egress, struct destination *destination, size_t segments) {
  bump(&destination->stats.kernel_dropped, segments);
  bump(&egress->kernel_dropped, segments);
}

/* Accounts for what could not be sent: a full buffer is loss like any other, everything else is told. */
static void refused(struct egress *egress, const struct message *message, size_t segments, int reason) {
  lost(egress, message->destination, segments);
  if (reason == EAGAIN || reason == EWOULDBLOCK || reason == ENOBUFS || reason == ENOMEM) return;
  int64_t now = monotonic_micros();
  if (now - message->destination->unreachable_told_at < UNREACHABLE_EVERY) return;
  message->destination->unreachable_told_at = now;
  report_event(egress, EVENT_UNREACHABLE, message->destination->id, 0, now);
}

/* Waits for room a little: on its own thread that is cheaper than loss. False when there is none. */
static bool wait_for_room(const struct egress *egress) {
  struct pollfd poller = {.fd = egress->udp->fd, .events = POLLOUT};
  return poll(&poller, 1, SEND_PATIENCE) == 1;
}

/* The packets of a message one by one: without segmentation, or after the kernel refused it. */
static void send_plainly(struct egress *egress, const struct message *message) {
  const uint8_t *at = egress->batch.arena + message->start, *end = at + message->length;
  while (at < end) {
    size_t length = (size_t)(end - at) < message->segment ? (size_t)(end - at) : message->segment;
    int reason = udp_socket_send(egress->udp, &message->destination->tuple, at, length);
    if (reason == EAGAIN && wait_for_room(egress))
      reason = udp_socket_send(egress->udp, &message->destination->tuple, at, length);
    bump(&egress->send_calls, 1);
    if (reason) refused(egress, message, 1, reason);
    at += length;
  }
}

static void told_sent(struct egress *egress, const struct message *message, int64_t now) {
  bump(&egress->packets, message->segments);
  bump(&egress->bytes, message->length);
  if (message->counted)
    report_sent(egress, message->destination->id, message->first_transport, (uint16_t)message->segments,
                (uint32_t)message->length, now);
}

#ifdef __linux__
static void ask_for_segments(struct msghdr *header, uint8_t *control, uint16_t size) {
  struct cmsghdr *segment = (struct cmsghdr *)(void *)(control + header->msg_controllen);
  *segment = (struct cmsghdr){.cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof size)};
  memcpy(CMSG_DATA(segment), &size, sizeof size);
  header->msg_control = control;
  header->msg_controllen += CMSG_SPACE(sizeof size);
}

/*
 * The kernel may refuse segmentation at any time. EIO: the socket or device cannot do it, so it ends for all. EINVAL:
 * mostly a path with a smaller MTU, so it ends for that destination; many of them, and it ends for all.
 */
static void segmentation_refused(struct egress *egress, const struct message *message, int reason) {
  message->destination->no_segmentation = true;
  if (reason == EIO || ++egress->einval_count >= EINVAL_LIMIT) atomic_store(&egress->segmentation, false);
}

/* Sends messages from `first` on; returns how many are dealt with, at least one. */
static uint32_t send_some(struct egress *egress, message_slot *slots, uint32_t first, uint32_t count) {
  const struct message *message = &egress->batch.messages[first];
  if (message->segments > 1 && (message->destination->no_segmentation || !atomic_load(&egress->segmentation))) {
    send_plainly(egress, message);
    return 1;
  }
  int sent = sendmmsg(egress->udp->fd, slots + first, count - first, MSG_DONTWAIT);
  bump(&egress->send_calls, 1);
  if (sent > 0) return (uint32_t)sent;
  int reason = errno;
  if (message->segments > 1 && (reason == EIO || reason == EINVAL)) {
    segmentation_refused(egress, message, reason);
    send_plainly(egress, message);
  } else if (reason != EAGAIN || !wait_for_room(egress) ||
             sendmsg(egress->udp->fd, &slots[first].msg_hdr, MSG_DONTWAIT) < 0) {
    refused(egress, message, message->segments, reason);
  }
  return 1;
}
#else
static uint32_t send_some(struct egress *egress, message_slot *slots, uint32_t first, uint32_t count) {
  (void)slots, (void)count;
  send_plainly(egress, &egress->batch.messages[first]);
  return 1;
}
#endif

void batch_flush(struct egress *egress) {
  struct batch *batch = &egress->batch;
  message_slot slots[BATCH_MESSAGES];
  struct iovec vectors[BATCH_MESSAGES];
  _Alignas(struct cmsghdr) uint8_t controls[BATCH_MESSAGES][UDP_CONTROL_BYTES];
  if (batch->count == 0) return;
  for (uint32_t i = 0; i < batch->count; i++) {
    const struct message *message = &batch->messages[i];
    vectors[i] = (struct iovec){batch->arena + message->start, message->length};
    slots[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
    udp_message_to(egress->udp, &message->destination->tuple, &slots[i].msg_hdr, controls[i]);
#ifdef __linux__
    if (message->segments > 1) ask_for_segments(&slots[i].msg_hdr, controls[i], (uint16_t)message->segment);
#endif
  }
  for (uint32_t done = 0; done < batch->count;) done += send_some(egress, slots, done, batch->count);
  int64_t now = monotonic_micros();
  for (uint32_t i = 0; i < batch->count; i++) told_sent(egress, &batch->messages[i], now);
  batch->count = 0;
  batch->used = 0;
}
