/* What of a datagram may reach OpenSSL: bounds on what a peer can make it remember, and no forgeable alerts. */
#ifndef CROSSROOM_DTLS_FILTER_H
#define CROSSROOM_DTLS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  DTLS_RECORD_HEADER = 13,
  DTLS_FILTER_MESSAGES = 16,               /* handshake message_seq 0 to 15 */
  DTLS_FILTER_MESSAGE_BYTES = 8 * 1024,    /* of one handshake message */
  DTLS_FILTER_HANDSHAKE_BYTES = 32 * 1024, /* of all of them, as declared */
  DTLS_FILTER_FRAGMENTS = 256,             /* of all of them, retransmissions included */
  DTLS_FILTER_EARLY_RECORDS = 16,          /* encrypted records before the handshake is done; OpenSSL buffers them */
};

struct dtls_filter {
  bool server;       /* which side's messages can come */
  bool other_hello;  /* a ClientHello came that contradicts the one begun: one of them is forged */
  uint32_t declared[DTLS_FILTER_MESSAGES]; /* length + 1 of each handshake message that was seen */
  uint32_t declared_bytes;
  int fragments;
  int early_records;
  bool cipher_spec_changed;
};

/*
 * Copies the records of `datagram` that may pass to `out`, which has room for `length` bytes, and returns their length.
 * Unless connected: handshake records within the bounds that the other side may send, ChangeCipherSpec, and encrypted
 * records after it. Connected:
 * records of epoch 1 alone. Alerts and data in the clear never pass: anyone could have written them.
 */
size_t dtls_filter_datagram(struct dtls_filter *filter, bool connected, const uint8_t *datagram, size_t length,
                            uint8_t *out);

#endif
