#include "dtls_filter.h"

#include <string.h>

#include "bytes.h"

/* Content types, RFC 5246 section 6.2.1. */
enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };
enum { HANDSHAKE_HEADER = 12 };

/* Handshake types that are sent in the clear, RFC 5246 section 7.4 and RFC 6347 section 4.3.2, as bits. */
enum { CLIENT_HELLO = 1 };
static const uint32_t FROM_CLIENT = 1u << CLIENT_HELLO | 1u << 11 | 1u << 15 | 1u << 16;
static const uint32_t FROM_SERVER = 1u << 2 | 1u << 3 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14;

/* Notes the declared length of a message; false when it is too much or another than before. */
static bool declare(struct dtls_filter *filter, uint8_t type, uint32_t sequence, uint32_t length) {
  if (filter->declared[sequence] == 0) {
    if (filter->declared_bytes + length > DTLS_FILTER_HANDSHAKE_BYTES) return false;
    filter->declared[sequence] = length + 1;
    filter->declared_bytes += length;
  }
  if (filter->declared[sequence] == length + 1) return true;
  filter->other_hello = type == CLIENT_HELLO && sequence == 0 && filter->declared_bytes + 1 == filter->declared[0];
  return false;
}

/* Every message fragment of a handshake record in the clear (RFC 6347 section 4.2.2), against the bounds. */
static bool handshake_allowed(struct dtls_filter *filter, const uint8_t *body, size_t length) {
  if (length == 0) return false;
  for (size_t at = 0; at < length;) {
    if (length - at < HANDSHAKE_HEADER) return false;
    const uint8_t *header = body + at;
    uint32_t message_length = get_u24(header + 1), sequence = get_u16(header + 4);
    uint32_t fragment_offset = get_u24(header + 6), fragment_length = get_u24(header + 9);
    if (message_length > DTLS_FILTER_MESSAGE_BYTES || sequence >= DTLS_FILTER_MESSAGES) return false;
    if (fragment_offset + fragment_length > message_length || fragment_length > length - at - HANDSHAKE_HEADER) return false;
    if (filter->server && sequence > 0 && filter->declared[0] == 0) return false; /* nothing precedes a ClientHello */
    if (header[0] > 31 || !((filter->server ? FROM_CLIENT : FROM_SERVER) >> header[0] & 1)) return false;
    if (filter->fragments == DTLS_FILTER_FRAGMENTS || !declare(filter, header[0], sequence, message_length)) return false;
    filter->fragments++;
    at += HANDSHAKE_HEADER + fragment_length;
  }
  return true;
}

static bool record_allowed(struct dtls_filter *filter, bool connected, const uint8_t *record, size_t body_length) {
  uint8_t type = record[0];
  uint16_t epoch = get_u16(record + 3);
  if (connected) return epoch == 1 && (type == HANDSHAKE || type == ALERT || type == APPLICATION_DATA);
  if (epoch == 0) {
    if (type == HANDSHAKE) return handshake_allowed(filter, record + DTLS_RECORD_HEADER, body_length);
    if (type != CHANGE_CIPHER_SPEC || body_length != 1) return false;
    filter->cipher_spec_changed = true;
    return true;
  }
  if (epoch != 1 || type != HANDSHAKE || !filter->cipher_spec_changed) return false;
  return ++filter->early_records <= DTLS_FILTER_EARLY_RECORDS;
}

size_t dtls_filter_datagram(struct dtls_filter *filter, bool connected, const uint8_t *datagram, size_t length,
                            uint8_t *out) {
  size_t kept = 0;
  for (size_t at = 0; length - at >= DTLS_RECORD_HEADER;) {
    const uint8_t *record = datagram + at;
    size_t body = get_u16(record + 11), whole = DTLS_RECORD_HEADER + body;
    if (record[1] != 0xfe || whole > length - at) break;
    if (record_allowed(filter, connected, record, body)) {
      memcpy(out + kept, record, whole);
      kept += whole;
    }
    at += whole;
  }
  return kept;
}
