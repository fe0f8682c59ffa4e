/* DTLS 1.2 with SRTP key export (RFC 6347, RFC 5764) over the OpenSSL inside the node binary; no sockets. */
#ifndef CROSSROOM_DTLS_H
#define CROSSROOM_DTLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "srtp.h"

enum {
  DTLS_FINGERPRINT_BYTES = 32, /* SHA-256 */
  DTLS_MAX_DATAGRAM = 1200,    /* what leaves */
};

/* Certificate, key and parameters, shared by every session. Counted: sessions keep what they need of it. */
struct dtls_context {
  SSL_CTX *ssl;
  uint8_t fingerprint[DTLS_FINGERPRINT_BYTES];
};

struct dtls_context *dtls_context_new(void);
void dtls_context_free(struct dtls_context *context);

enum dtls_state {
  DTLS_HANDSHAKING,
  DTLS_CONNECTED,
  DTLS_CLOSED, /* by the peer */
  DTLS_FINGERPRINT_MISMATCH,
  DTLS_NO_SRTP_PROFILE,
  DTLS_PROTOCOL_FAILURE,
};

struct dtls_session;

struct dtls_session *dtls_session_new(struct dtls_context *context, bool server,
                                      const uint8_t fingerprint[DTLS_FINGERPRINT_BYTES]);
/* Starts a client's handshake, or retransmits if the time for it has come. */
enum dtls_state dtls_session_tick(struct dtls_session *session);
enum dtls_state dtls_session_input(struct dtls_session *session, const uint8_t *datagram, size_t length);
/* Microseconds until dtls_session_tick is due; -1 when nothing waits. */
int64_t dtls_session_timeout(struct dtls_session *session);
/* The next datagram to send, at most DTLS_MAX_DATAGRAM bytes; 0 when there is none. */
size_t dtls_session_output(struct dtls_session *session, uint8_t out[DTLS_MAX_DATAGRAM]);
/* New keys of a connected session with one reference; NULL otherwise. */
struct srtp_keys *dtls_session_export(struct dtls_session *session);
/* Queues a close_notify when connected. */
void dtls_session_shutdown(struct dtls_session *session);
void dtls_session_free(struct dtls_session *session);

#endif
