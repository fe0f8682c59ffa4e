#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "bytes.h"
#include "dtls.h"
#include "dtls_filter.h"

enum {
  MAX_DATAGRAM_IN = 2048,      /* bytes of one datagram that are looked at */
  MAX_QUEUED = 64 * 1024, /* bytes waiting to be sent, after which the peer is not answered */
  MAX_RESTARTS = 16,     /* of a client: what answers it again and again with nonsense is no DTLS server */
  FIRST_RETRANSMIT = 100 * 1000, /* microseconds, doubled each time */
  LAST_RETRANSMIT = 1600 * 1000,
};

struct dtls_session {
  SSL_CTX *context;
  SSL *ssl; /* owns both memory BIOs */
  bool server, started, mismatch;
  int restarts;
  enum dtls_state state;
  uint8_t expected[DTLS_FINGERPRINT_BYTES];
  struct dtls_filter filter;
};

static unsigned int next_retransmit(SSL *ssl, unsigned int previous) {
  (void)ssl;
  if (previous == 0) return FIRST_RETRANSMIT;
  return previous >= LAST_RETRANSMIT / 2 ? LAST_RETRANSMIT : previous * 2;
}

/* In place of a chain check: the certificate is the one that the peer's SDP promised, or the handshake ends. */
static int check_fingerprint(X509_STORE_CTX *store, void *unused) {
  (void)unused;
  SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
  struct dtls_session *session = SSL_get_app_data(ssl);
  X509 *certificate = X509_STORE_CTX_get0_cert(store);
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (certificate && X509_digest(certificate, EVP_sha256(), digest, &length) == 1 && length == DTLS_FINGERPRINT_BYTES &&
      memcmp(digest, session->expected, DTLS_FINGERPRINT_BYTES) == 0)
    return 1;
  session->mismatch = true;
  return 0;
}

/* A new association from the first flight on. */
static bool restart(struct dtls_session *session) {
  SSL_free(session->ssl);
  session->ssl = SSL_new(session->context);
  session->filter = (struct dtls_filter){.server = session->server};
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  if (!session->ssl || !in || !out) {
    BIO_free(in);
    BIO_free(out);
    return false;
  }
  BIO_set_mem_eof_return(in, -1);
  BIO_set_mem_eof_return(out, -1);
  SSL_set_bio(session->ssl, in, out);
  SSL_set_app_data(session->ssl, session);
  SSL_set_mtu(session->ssl, DTLS_MAX_DATAGRAM);
  DTLS_set_timer_cb(session->ssl, next_retransmit);
  if (session->server)
    SSL_set_accept_state(session->ssl);
  else
    SSL_set_connect_state(session->ssl);
  return true;
}

struct dtls_session *dtls_session_new(struct dtls_context *context, bool server,
                                      const uint8_t fingerprint[DTLS_FINGERPRINT_BYTES]) {
  struct dtls_session *session = calloc(1, sizeof *session);
  if (!session) return NULL;
  SSL_CTX_set_verify(context->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  SSL_CTX_set_cert_verify_callback(context->ssl, check_fingerprint, NULL);
  SSL_CTX_up_ref(context->ssl);
  session->context = context->ssl;
  session->server = server;
  memcpy(session->expected, fingerprint, DTLS_FINGERPRINT_BYTES);
  if (restart(session)) return session;
  dtls_session_free(session);
  return NULL;
}

/* Record buffers exist only while OpenSSL works: SSL_MODE_RELEASE_BUFFERS does not reach the 34 KiB of a DTLS session. */
static bool enter_openssl(const struct dtls_session *session) {
  ERR_clear_error();
  return SSL_alloc_buffers(session->ssl) == 1;
}

static void leave_openssl(const struct dtls_session *session) {
  SSL_free_buffers(session->ssl);
  ERR_clear_error(); /* Node's own crypto reads the same queue */
}

/* Carries on with what lies in the input BIO. */
static enum dtls_state advance(struct dtls_session *session) {
  uint8_t discarded[512];
  if (!enter_openssl(session)) return session->state;
  int result = session->state == DTLS_CONNECTED ? SSL_read(session->ssl, discarded, sizeof discarded)
                                                : SSL_do_handshake(session->ssl);
  while (session->state == DTLS_CONNECTED && result > 0) result = SSL_read(session->ssl, discarded, sizeof discarded);
  int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(session->ssl, result);
  leave_openssl(session);
  if (session->state == DTLS_CONNECTED) {
    if (error == SSL_ERROR_ZERO_RETURN || SSL_get_shutdown(session->ssl) & SSL_RECEIVED_SHUTDOWN)
      session->state = DTLS_CLOSED;
  } else if (error == SSL_ERROR_NONE) {
    session->state = SSL_get_selected_srtp_profile(session->ssl) ? DTLS_CONNECTED : DTLS_NO_SRTP_PROFILE;
  } else if (session->mismatch) {
    session->state = DTLS_FINGERPRINT_MISMATCH;
  } else if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
    /* What broke it need not have come from the peer: begin again, and let the time limit decide. */
    if ((++session->restarts > MAX_RESTARTS && !session->server) || !restart(session))
      session->state = DTLS_PROTOCOL_FAILURE;
    else
      session->started = false;
  }
  return session->state;
}

static bool is_open(const struct dtls_session *session) {
  return session->state == DTLS_HANDSHAKING || session->state == DTLS_CONNECTED;
}

enum dtls_state dtls_session_tick(struct dtls_session *session) {
  if (session->state == DTLS_HANDSHAKING && !session->server && !session->started) {
    session->started = true;
    return advance(session);
  }
  if (!is_open(session)) return session->state;
  if (!enter_openssl(session)) return session->state;
  DTLSv1_handle_timeout(session->ssl);
  leave_openssl(session);
  return session->state;
}

enum dtls_state dtls_session_input(struct dtls_session *session, const uint8_t *datagram, size_t length) {
  uint8_t passed[MAX_DATAGRAM_IN];
  if (!is_open(session) || length > sizeof passed) return session->state;
  if (BIO_pending(SSL_get_wbio(session->ssl)) > MAX_QUEUED) return session->state;
  bool connected = session->state == DTLS_CONNECTED;
  size_t kept = dtls_filter_datagram(&session->filter, connected, datagram, length, passed);
  /* Until a whole ClientHello was answered, a second one may be the true one. */
  bool begin_again = session->filter.other_hello && SSL_get_state(session->ssl) == TLS_ST_BEFORE;
  session->filter.other_hello = false;
  if (begin_again && restart(session))
    kept = dtls_filter_datagram(&session->filter, connected, datagram, length, passed);
  if (kept == 0) return session->state;
  (void)BIO_reset(SSL_get_rbio(session->ssl));
  if (BIO_write(SSL_get_rbio(session->ssl), passed, (int)kept) != (int)kept) return session->state;
  return advance(session);
}

int64_t dtls_session_timeout(struct dtls_session *session) {
  struct timeval left;
  if (!is_open(session)) return -1;
  if (!session->server && !session->started && session->state == DTLS_HANDSHAKING) return 0;
  if (DTLSv1_get_timeout(session->ssl, &left) != 1) return -1;
  return (int64_t)left.tv_sec * 1000000 + left.tv_usec;
}

/* A memory BIO joins records: as many whole ones as fit make a datagram. */
size_t dtls_session_output(struct dtls_session *session, uint8_t out[DTLS_MAX_DATAGRAM]) {
  char *bytes = NULL;
  BIO *queue = SSL_get_wbio(session->ssl);
  long pending = BIO_get_mem_data(queue, &bytes);
  size_t length = 0;
  while (pending - (long)length >= DTLS_RECORD_HEADER) {
    size_t record = DTLS_RECORD_HEADER + (size_t)get_u16((const uint8_t *)bytes + length + 11);
    if ((long)(length + record) > pending || length + record > DTLS_MAX_DATAGRAM) break;
    length += record;
  }
  if (length == 0) {
    (void)BIO_reset(queue);
    return 0;
  }
  int taken = BIO_read(queue, out, (int)length);
  return taken == (int)length ? length : 0;
}

struct srtp_keys *dtls_session_export(struct dtls_session *session) {
  static const char LABEL[] = "EXTRACTOR-dtls_srtp"; /* RFC 5764 section 4.2 */
  if (session->state != DTLS_CONNECTED) return NULL;
  const SRTP_PROTECTION_PROFILE *chosen = SSL_get_selected_srtp_profile(session->ssl);
  enum srtp_profile profile = chosen->id == SRTP_AEAD_AES_128_GCM ? SRTP_PROFILE_GCM : SRTP_PROFILE_SHA1_80;
  uint8_t material[2 * sizeof(struct srtp_master)];
  size_t salt = srtp_salt_bytes(profile);
  struct srtp_keys *keys = srtp_keys_new(profile);
  ERR_clear_error();
  if (!keys || SSL_export_keying_material(session->ssl, material, 2 * (SRTP_KEY_BYTES + salt), LABEL, sizeof LABEL - 1,
                                          NULL, 0, 0) != 1) {
    ERR_clear_error();
    srtp_keys_release(keys);
    return NULL;
  }
  struct srtp_master *client = session->server ? &keys->remote : &keys->local;
  struct srtp_master *server = session->server ? &keys->local : &keys->remote;
  memcpy(client->key, material, SRTP_KEY_BYTES);
  memcpy(server->key, material + SRTP_KEY_BYTES, SRTP_KEY_BYTES);
  memcpy(client->salt, material + 2 * SRTP_KEY_BYTES, salt);
  memcpy(server->salt, material + 2 * SRTP_KEY_BYTES + salt, salt);
  OPENSSL_cleanse(material, sizeof material);
  return keys;
}

void dtls_session_shutdown(struct dtls_session *session) {
  if (session->state != DTLS_CONNECTED) return;
  if (!enter_openssl(session)) return;
  SSL_shutdown(session->ssl);
  leave_openssl(session);
}

void dtls_session_free(struct dtls_session *session) {
  if (!session) return;
  SSL_free(session->ssl);
  SSL_CTX_free(session->context);
  free(session);
}
