#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "dtls.h"

/* Signed with ECDSA because our certificate is; the RSA suites are for servers that we call as a client. */
static const char CIPHERS[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA";

/* Longest certificate chain that is read, in bytes: browsers send one certificate of about 300. */
enum { MAX_CERTIFICATE_BYTES = 8192, CERTIFICATE_DAYS = 365 };

static bool name_and_date(X509 *certificate) {
  uint8_t serial[8];
  if (RAND_bytes(serial, sizeof serial) != 1) return false;
  serial[0] &= 0x7f;
  BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
  bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  X509_NAME *name = X509_get_subject_name(certificate);
  return ok && X509_set_version(certificate, X509_VERSION_3) == 1 &&
         X509_gmtime_adj(X509_getm_notBefore(certificate), -86400L) &&
         X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * CERTIFICATE_DAYS) &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"WebRTC", -1, -1, 0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1;
}

/* A fresh self-signed ECDSA P-256 certificate. */
static bool install_certificate(struct dtls_context *context) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  unsigned int length = 0;
  bool ok = key && certificate && name_and_date(certificate) && X509_set_pubkey(certificate, key) == 1 &&
            X509_sign(certificate, key, EVP_sha256()) > 0 &&
            X509_digest(certificate, EVP_sha256(), context->fingerprint, &length) == 1 &&
            length == DTLS_FINGERPRINT_BYTES && SSL_CTX_use_certificate(context->ssl, certificate) == 1 &&
            SSL_CTX_use_PrivateKey(context->ssl, key) == 1;
  X509_free(certificate);
  EVP_PKEY_free(key);
  return ok;
}

static bool configure(SSL_CTX *ssl) {
  SSL_CTX_set_options(ssl, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_max_send_fragment(ssl, DTLS_MAX_DATAGRAM);
  SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(ssl, MAX_CERTIFICATE_BYTES);
  SSL_CTX_set_read_ahead(ssl, 1);
  return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) == 1 &&
         SSL_CTX_set_max_proto_version(ssl, DTLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(ssl, CIPHERS) == 1 &&
         SSL_CTX_set1_groups_list(ssl, "X25519:P-256:P-384") == 1 &&
         SSL_CTX_set_tlsext_use_srtp(ssl, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80") == 0;
}

struct dtls_context *dtls_context_new(void) {
  struct dtls_context *context = calloc(1, sizeof *context);
  if (!context) return NULL;
  context->ssl = SSL_CTX_new(DTLS_method());
  if (context->ssl && configure(context->ssl) && install_certificate(context)) return context;
  ERR_clear_error();
  dtls_context_free(context);
  return NULL;
}

void dtls_context_free(struct dtls_context *context) {
  if (!context) return;
  SSL_CTX_free(context->ssl);
  free(context);
}
